/**
 * What segments, fields and components are called, for people who read a message. Names and types as in version 2.5.1
 * (chapters 2, 3, 8, 10 and 15 of the standard); later fields with their own names. A field is `Name` or `Name:type`,
 * where the type names its components; those of text have none.
 */

export interface FieldName {
  readonly name: string;
  /** By component number minus one; empty where the field has none. */
  readonly components: readonly string[];
}

export interface SegmentName {
  readonly title: string;
  /** By field number minus one. */
  readonly fields: readonly FieldName[];
}

const TYPES: Readonly<Record<string, string>> = {
  CE: 'identifier|text|coding system|alternate identifier|alternate text|alternate coding system',
  CQ: 'quantity|units',
  CX: 'id|check digit|check digit scheme|assigning authority|type|assigning facility|effective|expires',
  DLD: 'location|effective date',
  DR: 'start|end',
  EI: 'id|namespace|universal id|universal id type',
  ELD: 'segment|sequence|field|code',
  ERL: 'segment|sequence|field|repetition|component|sub-component',
  FC: 'financial class|effective date',
  HD: 'namespace|universal id|universal id type',
  MSG: 'message code|trigger event|structure',
  PL: 'point of care|room|bed|facility|status|type|building|floor|description',
  PT: 'processing id|processing mode',
  RI: 'repeat pattern|explicit times',
  RPT: 'pattern|calendar alignment|phase begins|phase ends|period|period units|institution time|event|offset',
  TQ:
    'quantity|interval|duration|start|end|priority|condition|text|conjunction|sequence|occurrence duration|' +
    'total occurrences',
  VID: 'version|internationalization|international version',
  XAD: 'street|other designation|city|state|postal code|country|type|other geographic|county',
  XCN:
    'id|family|given|further given|suffix|prefix|degree|source table|assigning authority|name type|check digit|' +
    'check digit scheme|identifier type|assigning facility',
  XON: 'name|type|id|check digit|check digit scheme|assigning authority|identifier type|assigning facility',
  XPN: 'family|given|further given|suffix|prefix|degree|type',
  XTN:
    'number as text|use|equipment|e-mail|country|area|local number|extension|any text|extension prefix|speed dial|' +
    'number',
};

// prettier-ignore
const SEGMENTS: Readonly<Record<string, readonly [title: string, fields: string]>> = {
  MSH: ['Message Header', `Field Separator|Encoding Characters|Sending Application:HD|Sending Facility:HD|
    Receiving Application:HD|Receiving Facility:HD|Date/Time of Message|Security|Message Type:MSG|Message Control ID|
    Processing ID:PT|Version ID:VID|Sequence Number|Continuation Pointer|Accept Acknowledgment Type|
    Application Acknowledgment Type|Country Code|Character Set|Principal Language:CE|Alternate Character Set Handling|
    Message Profile Identifier:EI`],
  MSA: ['Message Acknowledgment', `Acknowledgment Code|Message Control ID|Text Message|Expected Sequence Number|
    Delayed Acknowledgment Type|Error Condition:CE`],
  ERR: ['Error', `Error Code and Location:ELD|Error Location:ERL|HL7 Error Code:CE|Severity|Application Error Code:CE|
    Application Error Parameter|Diagnostic Information|User Message`],
  EVN: ['Event Type', `Event Type Code|Recorded Date/Time|Date/Time Planned Event|Event Reason Code|Operator ID:XCN|
    Event Occurred|Event Facility:HD`],
  PID: ['Patient Identification', `Set ID|Patient ID:CX|Patient Identifier List:CX|Alternate Patient ID:CX|
    Patient Name:XPN|Mother's Maiden Name:XPN|Date/Time of Birth|Administrative Sex|Patient Alias:XPN|Race:CE|
    Patient Address:XAD|County Code|Phone Number - Home:XTN|Phone Number - Business:XTN|Primary Language:CE|
    Marital Status:CE|Religion:CE|Patient Account Number:CX|SSN Number|Driver's License Number|
    Mother's Identifier:CX|Ethnic Group:CE|Birth Place|Multiple Birth Indicator|Birth Order|Citizenship:CE|
    Veterans Military Status:CE|Nationality:CE|Patient Death Date and Time|Patient Death Indicator|
    Identity Unknown Indicator|Identity Reliability Code|Last Update Date/Time|Last Update Facility:HD|
    Species Code:CE|Breed Code:CE|Strain|Production Class Code:CE|Tribal Citizenship:CE|Patient Telecommunication:XTN`],
  PD1: ['Patient Additional Demographic', `Living Dependency|Living Arrangement|Patient Primary Facility:XON|
    Patient Primary Care Provider:XCN|Student Indicator|Handicap|Living Will Code|Organ Donor Code|Separate Bill|
    Duplicate Patient:CX|Publicity Code:CE|Protection Indicator|Protection Indicator Effective Date|
    Place of Worship:XON|Advance Directive Code:CE|Immunization Registry Status`],
  MRG: ['Merge Patient Information', `Prior Patient Identifier List:CX|Prior Alternate Patient ID:CX|
    Prior Patient Account Number:CX|Prior Patient ID:CX|Prior Visit Number:CX|Prior Alternate Visit ID:CX|
    Prior Patient Name:XPN`],
  PV1: ['Patient Visit', `Set ID|Patient Class|Assigned Patient Location:PL|Admission Type|Preadmit Number:CX|
    Prior Patient Location:PL|Attending Doctor:XCN|Referring Doctor:XCN|Consulting Doctor:XCN|Hospital Service|
    Temporary Location:PL|Preadmit Test Indicator|Re-admission Indicator|Admit Source|Ambulatory Status|VIP Indicator|
    Admitting Doctor:XCN|Patient Type|Visit Number:CX|Financial Class:FC|Charge Price Indicator|Courtesy Code|
    Credit Rating|Contract Code|Contract Effective Date|Contract Amount|Contract Period|Interest Code|
    Transfer to Bad Debt Code|Transfer to Bad Debt Date|Bad Debt Agency Code|Bad Debt Transfer Amount|
    Bad Debt Recovery Amount|Delete Account Indicator|Delete Account Date|Discharge Disposition|
    Discharged to Location:DLD|Diet Type:CE|Servicing Facility|Bed Status|Account Status|Pending Location:PL|
    Prior Temporary Location:PL|Admit Date/Time|Discharge Date/Time|Current Patient Balance|Total Charges|
    Total Adjustments|Total Payments|Alternate Visit ID:CX|Visit Indicator|Other Healthcare Provider:XCN`],
  PV2: ['Patient Visit - Additional', `Prior Pending Location:PL|Accommodation Code:CE|Admit Reason:CE|
    Transfer Reason:CE|Patient Valuables|Patient Valuables Location|Visit User Code|Expected Admit Date/Time|
    Expected Discharge Date/Time|Estimated Length of Stay|Actual Length of Stay|Visit Description|
    Referral Source Code:XCN|Previous Service Date|Employment Illness Related|Purge Status Code|Purge Status Date|
    Special Program Code|Retention Indicator|Expected Number of Insurance Plans|Visit Publicity Code|
    Visit Protection Indicator|Clinic Organization Name:XON|Patient Status Code|Visit Priority Code|
    Previous Treatment Date|Expected Discharge Disposition`],
  SCH: ['Scheduling Activity', `Placer Appointment ID:EI|Filler Appointment ID:EI|Occurrence Number|
    Placer Group Number:EI|Schedule ID:CE|Event Reason:CE|Appointment Reason:CE|Appointment Type:CE|
    Appointment Duration|Appointment Duration Units:CE|Appointment Timing Quantity:TQ|Placer Contact Person:XCN|
    Placer Contact Phone Number:XTN|Placer Contact Address:XAD|Placer Contact Location:PL|
    Filler Contact Person:XCN|Filler Contact Phone Number:XTN|Filler Contact Address:XAD|Filler Contact Location:PL|
    Entered By Person:XCN|Entered By Phone Number:XTN|Entered By Location:PL|Parent Placer Appointment ID:EI|
    Parent Filler Appointment ID:EI|Filler Status Code:CE|Placer Order Number:EI|Filler Order Number:EI`],
  TQ1: ['Timing/Quantity', `Set ID|Quantity:CQ|Repeat Pattern:RPT|Explicit Time|Relative Time and Units:CQ|
    Service Duration:CQ|Start Date/Time|End Date/Time|Priority:CE|Condition Text|Text Instruction|Conjunction|
    Occurrence Duration:CQ|Total Occurrences`],
  RGS: ['Resource Group', 'Set ID|Segment Action Code|Resource Group ID:CE'],
  AIS: ['Appointment Information - Service', `Set ID|Segment Action Code|Universal Service Identifier:CE|
    Start Date/Time|Start Date/Time Offset|Start Date/Time Offset Units:CE|Duration|Duration Units:CE|
    Allow Substitution Code|Filler Status Code:CE|Placer Supplemental Service Information:CE|
    Filler Supplemental Service Information:CE`],
  AIG: ['Appointment Information - General Resource', `Set ID|Segment Action Code|Resource ID:CE|Resource Type:CE|
    Resource Group:CE|Resource Quantity|Resource Quantity Units:CE|Start Date/Time|Start Date/Time Offset|
    Start Date/Time Offset Units:CE|Duration|Duration Units:CE|Allow Substitution Code|Filler Status Code:CE`],
  AIL: ['Appointment Information - Location Resource', `Set ID|Segment Action Code|Location Resource ID:PL|
    Location Type:CE|Location Group:CE|Start Date/Time|Start Date/Time Offset|Start Date/Time Offset Units:CE|
    Duration|Duration Units:CE|Allow Substitution Code|Filler Status Code:CE`],
  AIP: ['Appointment Information - Personnel Resource', `Set ID|Segment Action Code|Personnel Resource ID:XCN|
    Resource Type:CE|Resource Group:CE|Start Date/Time|Start Date/Time Offset|Start Date/Time Offset Units:CE|
    Duration|Duration Units:CE|Allow Substitution Code|Filler Status Code:CE`],
  ARQ: ['Appointment Request', `Placer Appointment ID:EI|Filler Appointment ID:EI|Occurrence Number|
    Placer Group Number:EI|Schedule ID:CE|Request Event Reason:CE|Appointment Reason:CE|Appointment Type:CE|
    Appointment Duration|Appointment Duration Units:CE|Requested Start Date/Time Range:DR|Priority|
    Repeating Interval:RI|Repeating Interval Duration|Placer Contact Person:XCN|Placer Contact Phone Number:XTN|
    Placer Contact Address:XAD|Placer Contact Location:PL|Entered By Person:XCN|Entered By Phone Number:XTN|
    Entered By Location:PL|Parent Placer Appointment ID:EI|Parent Filler Appointment ID:EI|Placer Order Number:EI|
    Filler Order Number:EI`],
  APR: ['Appointment Preferences', `Time Selection Criteria|Resource Selection Criteria|Location Selection Criteria|
    Slot Spacing Criteria|Filler Override Criteria`],
  NTE: ['Notes and Comments', 'Set ID|Source of Comment|Comment|Comment Type:CE'],
  DG1: ['Diagnosis', `Set ID|Diagnosis Coding Method|Diagnosis Code:CE|Diagnosis Description|Diagnosis Date/Time|
    Diagnosis Type`],
  OBX: ['Observation/Result', `Set ID|Value Type|Observation Identifier:CE|Observation Sub-ID|Observation Value|
    Units:CE|References Range|Abnormal Flags|Probability|Nature of Abnormal Test|Observation Result Status`],
  MFI: ['Master File Identification', `Master File Identifier:CE|Master File Application Identifier:HD|
    File-Level Event Code|Entered Date/Time|Effective Date/Time|Response Level Code`],
  MFE: ['Master File Entry', `Record-Level Event Code|Control ID|Effective Date/Time|Primary Key Value:CE|
    Primary Key Value Type`],
  STF: ['Staff Identification', `Primary Key Value:CE|Staff Identifier List:CX|Staff Name:XPN|Staff Type|
    Administrative Sex|Date/Time of Birth|Active/Inactive Flag|Department:CE|Hospital Service:CE|Phone:XTN|
    Office/Home Address:XAD|Institution Activation Date:DLD|Institution Inactivation Date:DLD|Backup Person ID:CE|
    E-Mail Address`],
  PRA: ['Practitioner Detail', `Primary Key Value:CE|Practitioner Group:CE|Practitioner Category|Provider Billing|
    Specialty|Practitioner ID Numbers|Privileges|Date Entered Practice|Institution:CE|Date Left Practice`],
  LOC: ['Location Identification', `Primary Key Value:PL|Location Description|Location Type|Organization Name:XON|
    Location Address:XAD|Location Phone:XTN|License Number:CE|Location Equipment|Location Service Code`],
  BHS: ['Batch Header', `Field Separator|Encoding Characters|Sending Application:HD|Sending Facility:HD|
    Receiving Application:HD|Receiving Facility:HD|Creation Date/Time|Security|Name/ID/Type|Comment|Control ID|
    Reference Control ID`],
  FHS: ['File Header', `Field Separator|Encoding Characters|Sending Application:HD|Sending Facility:HD|
    Receiving Application:HD|Receiving Facility:HD|Creation Date/Time|Security|Name/ID|Comment|Control ID|
    Reference Control ID`],
  BTS: ['Batch Trailer', 'Message Count|Comment|Totals'],
  FTS: ['File Trailer', 'Batch Count|Comment'],
  SFT: ['Software Segment', `Vendor Organization:XON|Version or Release|Product Name|Binary ID|Product Information|
    Install Date`],
};

const read = new Map<string, SegmentName>();

/** Undefined for a segment that the table does not know: Z segments, and what scheduling has no use for. */
export function segmentName(name: string): SegmentName | undefined {
  const known = read.get(name);
  const row = SEGMENTS[name];
  if (known !== undefined || row === undefined) return known;
  const [title, fields] = row;
  const found = { title, fields: fields.split(/\s*\|\s*/).map(fieldName) };
  read.set(name, found);
  return found;
}

function fieldName(text: string): FieldName {
  const [name = '', type = ''] = text.split(':');
  return { name, components: (TYPES[type] ?? '').split('|').filter((one) => one !== '') };
}
