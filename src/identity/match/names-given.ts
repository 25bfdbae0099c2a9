/**
 * First names that many people have, composed by this project from general knowledge. Used for one question only: are
 * two first names that differ by a letter two names, or one name and a slip of the finger? (Twins are called Jayden and
 * Hayden.) What the index itself counts often is known as well.
 */
const COMMON = `
aaliyah aaron abbigail abby abdi abdiel abdirahman abdulaziz abdullahi abdulrahman abel abena abigail abraham abram
ada adam adaobi addison adebayo adelaide adele adelina adeline adelyn adonis adrian adriana adrienne aedan agnes
agnieszka ahmad ahmed aidan aiden aigerim aileen aimee ainsley aisha akash akira akosua alaina alan alana alani alanna
albert alberto albie alec aleena alejandra alejandrina alejandro aleksandr aleksandra aleksei alena alessandra
alessandro alex alexa alexander alexandra alexandria alexei alexi alexia alexis alfie alfred alfredo ali alia alice
alicia alina alisa alison alissa alivia aliyah allan allegra allen allie allison alma alondra alvin alyse alyson
alyssa amanda amani amara amari amaris amaya amber amelia amelie americus amina aminata amir amiyah amrita amy ana
anabel anabella anahi anai anais anand anastasia anaya anders anderson andi andre andrea andreas andrei andreina
andres andrew andrey andy ange angel angela angelica angelie angelina angelique angelo angie anibal anika anil anita
anjali ann anna annabel annabelle annalise anne anneliese annette annie annika annmarie anoop ansel ansley anthony
antoine antoinette anton antonia antonio antwan anya april arabella araceli aranza arash archer archie ari aria
ariadne ariana arianna aric ariel ariella arina arjun arlene arlo armando armani arnav arnold aron art arthur arturo
arun arvin arya aryan aryana asha asher ashlee ashleigh ashley ashlie ashlyn ashlynn ashok ashton ashtyn aslan aspen
astrid athena aubree aubrey aubrie audrey august augusta augustine augustus aurelia aurora austin autumn ava avah
averie avery avianna axel ayanna aydan ayden aydin ayesha ayla ayleen ayse azadeh azariah babatunde bailey balaji bao
barbara barney baron barry bart bartholomew bashir baylee beatrice beatriz beau beckett belen belinda bella ben
benjamin bennett bentley bernadette bernard bernardo bernice bertha bertram bessie beth bethany betsy bettina betty
beverley beverly bhavani bianca bilal bill billy blaine blair blaise blake blanche blaze bob bobby bodhi bogdan bohdan
bonnie boris bowen boyd brad braden bradford bradley brady branden brandi brandon brandy brantley braxton brayan
brayden braydon braylon breana breanna bree brenda brendan brendon brenna brennan brent brenton brett bria brian
briana brianna brice bridget bridgette brie briella briley brinley brisa britany britney brittani brittany brittney
brittny brock brodie brody bronson brooke brooklyn brooklynn brooks bruce bruno bryan bryanna bryant bryce brycen
brylee brynlee brynn bryson burton byron caden caelan cai caila caitlin caitlyn caitlynn caleb cali callie callum
calvin cambria camden cameron cameryn cami camila camilla camille campbell candace candice candy caprice cara cari
carina carissa carl carla carlee carley carlie carlos carlton carly carmela carmella carmen carol carolann carolina
caroline carolyn carolyne carrie carrington carson carter caryn casey cason cassandra cassidy cassie cassius catalina
catherine cathleen cathryn cathy cayden cayla cecil cecilia cedric celeste celia celina celine cesar chad chaim chance
chandler chandra chanel channing chantal chantelle charis charity charlee charleigh charlene charles charley charli
charlie charlotte charmaine chase chaz chee chelsea chelsey cherie cherish cheryl chester cheyenne chiara chidi
chidinma chinedu chinwe chioma chip chloe chris christa christal christel christen christi christian christiana
christie christina christine christoph christopher christy chrystal chue chukwuebuka chukwuemeka cian ciara cicely
cielo cierra cindy clair claire clara clare clarence clarice clarissa clark claude claudia clay clayton clem
clementine cleo cleveland cliff clifford clinton clyde coby cody coen colby cole coleman colette colin colleen collin
colton conner connie connor conor conrad constance cooper cora coraline corbin cordelia cordell corey corina corine
corinne cornelius corrine cortney cory cosmo coty courtney craig cristal cristi cristian cristina cristobal cruz
crystal cullen curtis cynthia cyrus dacey dahlia daija daisy dakota dakotah dale dallas dalton damaris damian damien
damion damon dan dana dandre dane danette dangelo dania danica daniel daniela daniella danielle danika danita dannie
danny danyelle danylo daphne darcy daria darian darien darin dario darius darla darlene darnell daron darrell darren
darrin darryl darryn darwin daryl dashawn dave davian david davin davina davion davon dawn dawson dayana dayanara
dayton deacon dean deandre deangelo deann deanna debbie deborah debra declan deena deepa deepak deepika deepti deirdre
deja delaney delia delilah della delmar delores demarcus demarion demetrius demi denice denis denise denisse dennis
denny denver deon deonte derek derick derik derrick deshawn desiree desmond destinee destini destiny devan devante
deven devi devin devon devonte devyn dewayne dexter dhruv diamond diana diane dianna dianne diego dilan dilip dillan
dillon dina dion dionne divya dixie dmitri dmitry dolores domenic dominic dominick dominique don donald donna donnell
donnie donovan dontae donte dora doreen dorian doris dorothy dorthy doug douglas draven drew duane duc duncan dung
dustin dwayne dwight dylan dylon eamon earl earnest easton ebele ebony ed eddie eddy eden edgar edison edith edmund
edna eduardo edward edwin edwina efrain efua ehren eileen eisley ekaterina elaina elaine elana eleanor eleanora elena
eli elia elian eliana elias eliezer elif elijah elin elina elinor eliot elisa elisabeth elise elisha eliza elizabeth
ella elle ellen ellery ellie elliot elliott ellis ellison elly elmer eloise elouise elsa elsie elva elvia elvin elvis
elyse elza ema emani ember emeka emely emerie emerson emery emil emilee emilia emiliano emilie emilio emily emma
emmalee emmalyn emmanuel emmet emmett emmy emre enrique ephraim eric erica erick ericka erik erika erin erinn ernest
ernesto ernie errol ervin esmeralda esteban estella estelle esther estrella ethan ethel etta eugene eugenia eunice eva
evan evangeline eve evelin evelyn evelynn everett everly evie ezekiel ezequiel ezra fabian fabiola fadumo faisal faith
faiza farah farhan farid faron farrah fatema fatima fatou fatoumata fay faye felicia felicity felipe felix feng fern
fernando fidel filip fin finlay finley finn finnegan fiona fletcher flora florence floyd flynn folake ford forrest
foster frances francesca francine francis francisco franco frank frankie franklin franklyn fred freddie frederick
freya frida fritz fue funmilayo gabriel gabriela gabriella gabrielle gael gage gail ganesh gannon gareth garret
garrett garry gary gauge gaurav gaven gavin gavyn gayle geeta gemma gene genesis geneva genevieve geoff geoffrey
george georgette georgia georgie georgina gerald geraldine gerard germaine german gertrude gia giada gianna gianni
gideon gilbert gilberto giles gina ginger gino giovanna giovanni giovanny gisela giselle gisselle gita gladis gladys
glen glenda glenn gloria gopal gordon goua govind grace gracelyn gracie graciela grady graeme graham grant graysen
grayson greer greg gregg gregorio gregory greta gretchen greyson griffin grover guadalupe guillermo gulnara gunnar
gunner gurpreet gustavo guy gwen gwendolen gwendolyn gwyneth habiba hadassah hadi hadlee hadley hailee hailey hakeem
haley halima halle hallie hamid hamish hamza hana hanh hanna hannah hans harjit harlan harlee harley harlie harlow
harmoni harmony harold haroon harper harpreet harriet harris harrison harry haruto harvey harvy hasan hassan haven
hayden haylee hayleigh hayley hazel heath heather heaven hector heidi helen helena helene helga henri henrietta henrik
henry herbert herman hieu hilda hillary hina hiroshi hoa holden hollie hollis holly hong hope horace hosea houston
howard hubert huda hudson huey hugh hugo humberto humphrey hung hunter huong husain hussein hyatt hyun ian ibrahim
ibrahima ida iesha ifeoma ifrah ignacio igor ikenna iker iliana ilse imani immanuel imogen imran india indigo indira
ines infant ingrid iona ira ireland irene irina iris irma irvin irving irwin isa isaac isabel isabela isabell isabella
isabelle isadora isai isaiah isaias isha isiah isis isla ismael isobel israel issac itzel iva ivan ivana ivanna ivette
ivonne ivy iyanna izabella izabelle izaiah jabari jace jacey jacinda jacinta jack jackeline jackie jacklyn jackson
jaclyn jacob jacoby jacqueline jacquelyn jacques jada jadan jade jaden jadin jadon jadyn jaeden jael jaelyn jaelynn
jagdish jaheim jahir jaiden jaidyn jailyn jaime jaimie jair jairo jakayla jake jakob jaleel jalen jaliyah jalon jalynn
jamal jamar jamarcus jamarion jameel jamel james jameson jami jamie jamil jamila jamir jamison jamya jan jana janae
janay jane janea janeen janell janelle janessa janet janette janice janie janine janis janiya janiyah jannet jaquan
jaqueline jared jareth jarod jaron jarred jarrett jarrod jarvis jaslyn jasmeen jasmin jasmine jasmyn jason jasper
jaswinder javier jaxen jaxon jaxson jaxton jay jaya jayce jaycee jayda jaydan jayden jaydin jaydon jayesh jayla jaylah
jaylee jayleen jaylen jaylene jaylin jaylon jaylynn jayme jaymes jayna jayne jayson jazlyn jazmin jazmine jazmyn jean
jeanette jeanie jeanine jeanne jeannie jed jedidiah jeff jefferey jefferson jeffery jeffrey jelani jenelle jenifer
jenna jennie jennifer jenny jensen jerald jeramy jeremey jeremiah jeremy jeri jericho jermaine jerod jerold jerome
jerrod jerry jessa jesse jessenia jessi jessica jessie jessika jessy jesus jett jewel jewell ji jill jillian jim jimmy
jing jiwoo jo joan joana joanie joann joanna joanne joaquin jocelin jocelyn jocelynn jodi jodie jody joe joel joelle
joesph joey johan johana johann johanna john johnathan johnathon johnnie johnny johnson jolene jolie jon jonah jonas
jonathan jonathon jonnie joon jordan jordi jordon jordyn jorge jori jose josef josefa joselyn joseph josephine josette
josh joshua joshuah josiah josie josue jovan jovani joy joyce juan juana juanita judah jude judi judith judson judy
julia julian juliana juliann julianna julianne julie julien juliet julieta juliette julio julisa julius jun june junho
junior justice justin justina justine justus justyn kacey kaci kade kaden kadence kaeden kael kaelyn kai kaia kaiden
kaidyn kaila kailee kailey kaira kaitlin kaitlyn kaitlynn kaleb kaley kali kaliyah kallie kalvin kamal kamari kamden
kameron kami kamila kamron kamryn kandace kane kara karen kari karim karin karina karis karissa karl karla karley
karlie karly karol karolina karson karsyn karter karthik karyn kasandra kasey kash kasia kason kassandra kassidy
kassie katarina kate katelin katelyn katelynn kateri katharine katherine kathi kathie kathleen kathryn kathy katie
katlin katlyn katlynn katrina kavita kay kaya kaycee kayden kaydence kayla kaylah kayle kaylee kayleigh kaylen kaylie
kaylin kaylyn kaylynn kc keagan keaton keegan keely keenan keerthi kehinde keila keira keisha keith kelan kellan
kellen kelley kelli kellie kelly kelsea kelsey kelsi kelsie kelton kelvin ken kendal kendall kendra kendrick kenia
kenna kennedi kennedy kenneth kenney kenny kent kenya kenyon kenzie keon keri kermit kerri kerrie kerry kevin kevon
keyla keyon khadija khalid khalil khloe kia kian kiana kiara kiera kieran kierra kiersten kiley killian kim kimberlee
kimberley kimberly king kingston kinley kinsley kip kira kiran kirk kirsten kirstie kit klara knox kobe kobi kody kofi
kohen kolby kole kolton korbin korey kori kortney kory kris krishna krissy krista kristal kristen kristian kristie
kristin kristina kristine kristoffer kristopher kristy kristyn krystal krystina krystle krzysztof ksenia kurt kwabena
kwame kyan kyla kylan kyle kylee kyleigh kyler kylie kymani kyra kyrie kyron lacey lachlan lacie lacy ladonna laila
lainey laken lakshmi lamar lamont lan lana lance landen landon landyn lane laney laquan lara larissa larry lars
lashawn lashonda latanya latasha latisha latonya latoya latrice laura laurel lauren laurence laurie lauryn lavern
laverne lavonne lawrence lawson layla layne layton lea leah leandra leandro leann leanna leanne lee leeann leia leif
leigh leighton leila leilani leland lena leng lennon lenny lenora leo leon leona leonard leonardo leonel leonie leora
leroy leslee lesley leslie lesly lester leta leticia levi levon lewis lexi lexie lia liam lian liana lianna libbie
libby lien lila lilia lilian liliana lilianna lilith lilla lillian lilliana lillianna lillie lilly lily lilyana lina
lincoln linda lindsay lindsey lindy ling linh linnea linus lionel lisa lisbeth lisette lissette liv livia liza lizbeth
lizeth lloyd loan logan lois lola london loni lonnie lora loraine lorelei loren lorena lorenzo loretta lori lorna
lorraine lou louis louisa louise lourdes lucas lucero lucia lucian luciana luciano lucie lucille lucinda lucy luella
luigi luis luisa lukas luke luna luther luz lyanna lydell lydia lyla lyle lynda lyndon lyndsay lyndsey lynette lynn
lynne lynsey lyric lyudmila mabel maci mackenzie macy maddie maddison maddox maddux madeleine madeline madelyn
madelyne madelynn madilyn madisen madison madisyn madonna mae maeve magda magdalena maggie magnus mahesh mahmoud
mahogany mai maia maisie maisy makaila makayla makena makenna makenzie mal malachi malaya malcolm maleah malia malik
malina malinda malka mallorie mallory mamadou mandy manjit manny manpreet manuel manuela mara maranda marc marcela
marcelino marcella marcello marcia marcie marco marcos marcus marcy margaret margarita margie margot maria mariah
mariam marian mariana marianna marianne mariano maribel maricela marie mariela mariella marielle marietta marilyn
marin marina mario marion marisa marisela marisol marissa maritza marjorie marjory mark markus marla marlene marley
marlin marlon marquez marquis marquise marshall marta martha martin martina marvin marwan mary maryam maryann marybeth
maryellen maryjane marylou masen mason mat mateo mathew matias matilda matt matteo matthew mattias mattie maud maude
maura maureen maurice mauricio maverick max maximo maximus maxine maxwell may maya mayme mayra mckayla mckenna
mckenzie mckinley meadow meaghan meena megan meghan mehdi mehmet mei mekhi melanie melina melinda melisa melissa
mellie mellissa melodie melody melva melvin memphis meng mercedes mercy meredith merle merlin merry meryl mia micaela
micah michael michaela michal micheal michel michele michell michelle miguel mikael mikaela mikayla mike mikhail mila
milagros milan mildred milena miles milica millard millie milly milo milton mimi min mina mindy minerva ming minh
minjun minnie minseo mira miracle miranda mireya miriam misty mitch mitchel mitchell mohamed mohammad mohammed mohan
moira moises mollie molly mona monet monica monika monique monroe monserrat monty morgan morgane moriah moses moshe
muhammad mukesh murali muriel mustafa mya myah mykel myla myles myra myrna myron myrtle nadia nadine nadya nagesh
naima najee nakia nala nancy nanette nannie naomi naomie naresh nash nasir nasra natali natalia natalie nataly natalya
natasha nate nathalie nathan nathaniel nathen natosha naveen nayeli neal ned neha nehemiah neil nella nellie nelly
nelson nena neng nettie nevaeh nevin newton neymar ngoc ngozi nguyet nhia nia nicholas nichole nicholle nick nicki
nickie nickolas nicolas nicole nigel nikhil nikita nikki niko nikolai nikolas niles nilesh nils nina nisha nixon
nkechi noa noah noe noel noelle noemi nola nolan nona noor nora norah norberto noreen norma norman norris nur nya nyah
nyasia nyla oakley obadiah obinna ocean octavia octavio oda odell odin ofelia oksana ola olaf oleg olena olga oliva
olive oliver olivia ollie oluwasegun oluwaseun omar omari oona opal ophelia ora oren orion orlando orville oscar osman
osvaldo oswald otis ottis otto ouida ousmane owen pablo padma paige paislee paisley pallavi palmer pamala pamela pao
paola paris parker parvin pascal pat patience patricia patrick patsy patti paul paula paulette paulina pauline pavel
paxton payton pearl pearlie pedro peggy penelope penny percival percy perla perry pete peter petra peyton phil philip
philippa phillip phillis phoebe phoenix phuong phyllis pierre piotr piper polly pooja porter pradeep prakash pranav
prasad praveen preeti prem presleigh presley preston prince princess priscilla priya prudence quan quang queen quentin
quiana quincy quinn quinten quinton quyen rachael racheal rachel rachelle radha raegan raelynn rafael rafe rahul raina
raj rajesh rajiv raju rakesh raleigh ralph ram rama ramesh ramiro ramon ramona ramsey rana randal randall randolph
randy rani rania ranjit raphael raquel rashad rashawn rashid raul raven ravi ray raylene raymond raymundo rayna rayne
rayshawn reagan reanna reba rebeca rebecca rebekah reece reed reena reese regan reggie regina reginald reid reilly
reina rekha remi remington remy rena renae renata rene renee renita reuben reva rex reyes reyna reynaldo reza rhea
rhett rhiannon rhoda rhonda rhys ria ricardo richard rick rickey ricki ricky rigoberto rilee riley rio rita river
rivka riya rob robb robbie robbin robby robert roberta roberto robin robyn rocco rochelle rocio rocky roderick rodney
rodolfo rodrigo rogelio roger rohan rohit roksana roland rolando rolf roma roman romeo romina ron rona ronald ronan
ronda ronen roni ronin ronnie ronny rory rosa rosalba rosaleen rosalia rosalie rosalina rosalind rosaline rosalyn
rosamund rosanna rosanne rosario rose roselyn rosemarie rosemary rosetta rosie roslyn ross rowan roxana roxann roxanne
roy royal royalty royce ruben rubi rubin ruby rudy rufus rukhsana rupa rupert russel russell rusty ruth ruthie ryan
ryann ryanne ryder ryker rylan ryland rylee rylie rylynn saanvi sabina sabine sabrina sadia sadie saeed sage sahara
sahra sai saige saint saira sal salena salim sallie sally salma salman salome salvador salvatore salwa sam samantha
samara samir samira sammie sammy samuel sanaa sandeep sandi sandra sandy sanford sangeeta saniya sanjay sanjeev
santana santiago santino santos santosh sara sarah sarai sariah sarina sarita sariyah sascha sasha satish saul saundra
savana savanna savannah savion savita sawyer scarlet scarlett schuyler scot scott scottie seamus sean season sebastian
seema selah selena selina selma semaj senthil serena serenity sergei sergey sergio seth seung seven sevyn seymour
shabnam shahid shaina shakira shalonda shamar shameka shana shandra shane shanelle shania shanice shanika shaniqua
shanita shankar shanna shannon shanti shanya shaquille shara shari sharif sharla sharlene sharma sharon sharyn shaun
shauna shaunna shavon shawn shawna shawnee shay shaye shayla shaylee shayna shayne shea sheena sheila shelbi shelby
sheldon shelia shelley shelli shelly shelton sheree sheri sherie sherlyn sherman sherri sherrie sherry sherwin sheryl
sheyla shiloh shilpa shira shirlene shirley shreya shyam sid siddharth sidney sidra sienna sierra silas silvia simeon
simon simona simone sincere sita sky skye skyla skylah skylar skyler skylynn slade snehal socorro sofia sofie sol
solange soledad solomon sondra sonia sonja sonya soo sophia sophie soren spencer srinivas stacey staci stacia stacie
stacy stan stanford stanislav stanley stefan stefanie stella stephan stephania stephanie stephany stephen stephon
stetson steve steven stevie stewart storm stuart sudha sue sujata sukhdev suman sumit summer sunil sunita suresh suri
susan susana susanna susannah susie suzanna suzanne suzette svetlana swati sybil sydney syed sylvan sylvester sylvia
sylvie symone tabatha tabitha tadeo tahir tahlia taina taiwo talan talia talon tamar tamara tameka tamela tamera tami
tamia tamika tammie tammy tamra tania taniya tanner tanvi tanya tao tara tarah taras tarek tariq taryn tasha tasia
tatiana tatianna tatum tatyana tavon tayla tayler taylin taylor tayshaun tayvion teagan ted teddy tegan tehya tempest
tera terence teresa teresita teri terrance terrence terri terry tess tessa tevin thaddeus thalia thanh thao thea
thelma theo theodora theodore theresa theron thi thomas thora thurman thuy tia tiana tianna tiara tien tiera tierra
tiffani tiffany tillie tim timmy timothy tina tino tisha titus tiya tobias tobin toby tod todd tom tomas tomasz tommie
tommy toni tonia tonisha tonja tony tonya toriano tory tou tracey traci tracie tracy trang travion travis travon
trayvion tre treasure tremaine trent trenton tressa trevin trevion trevon trevor trey treyton tricia trina trinidad
trinity trish trisha tristan tristen tristian triston tristyn troy trudy trystan tuan tucker tung ty tyesha tyla tylan
tyler tylor tyra tyree tyreek tyrell tyrese tyrik tyrone tyshawn tyson ulysses uma umar uriah uriel ursula usha usman
vada vadim val valencia valentin valentina valentino valentyna valeria valerie valorie van vance vanessa varun vasily
vaughan vaughn veda velma venkat venus vera verity verna vernell vernie vernon verona veronica vic vicente vick vicki
vickie vicky victor victoria victoriya vida vijay vikas vikram viktor viktoria vina vinay vince vincent vinnie vinod
viola violet virginia vito vivian viviana vivien vivienne vladimir vladislav von wade waldo waleed walid walker
wallace walter walton wanda ward warren waylon wayne wei wendell wendi wendy weronika wes wesley westin weston whitney
wilbur wiley wilfred wilhelm wilhelmina will willa willard william williams willie willis willow willy wilma wilmer
wilson windy winnie winona winston winter wojciech wolfgang woodrow wren wyatt xander xavi xavier xee xiao ximena xin
xiomara xue yadira yael yahir yair yajaira yan yana yandel yara yareli yaretzi yaritza yasmeen yasmin yasmine yaw
yazmin yeng yesenia yessica yetunde yevgeny yiannis ying yolanda yong yosef yoselin yousef youssef yu yulia yuliana
yulissa yun yuri yusra yusuf yuto yvette yvonne zachariah zachary zachery zack zackary zackery zahra zaid zain zainab
zaira zaire zakary zander zane zara zaria zariah zariyah zavier zayden zaylee zaylon zayn zayne zechariah zeke zelda
zelma zena zeynep zhen zhou ziad zion zoe zoey zofia zoie zoran zoya zuri
`;

export const COMMON_GIVEN_NAMES: ReadonlySet<string> = new Set(COMMON.trim().split(/\s+/));

/** Three letters in a row that at least two of these names have, beginnings and ends marked. */
const RUNS: ReadonlySet<string> = runsOfTwo();

function runsOfTwo(): ReadonlySet<string> {
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const name of COMMON_GIVEN_NAMES) {
    for (const run of new Set(runsOf(name))) (once.has(run) ? twice : once).add(run);
  }
  return twice;
}

function* runsOf(name: string): Iterable<string> {
  const marked = `^${name}$`;
  for (let at = 0; at + 3 <= marked.length; at += 1) yield marked.slice(at, at + 3);
}

/**
 * A name of the list, or one that could be: it has no three letters in a row that are not in two names of the list. A
 * slip of the finger mostly has (Mitchlel, Sarsh); of names that are left out of the list one in three has.
 */
export function looksLikeName(name: string): boolean {
  if (COMMON_GIVEN_NAMES.has(name)) return true;
  for (const run of runsOf(name)) if (!RUNS.has(run)) return false;
  return true;
}
