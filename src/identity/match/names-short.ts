/**
 * Short forms of first names, composed by this project. A change needs a new key epoch: keys are made of the groups.
 */

/** `name: short forms`. A form may belong to several names. */
export const SHORT_FORMS = `
abigail: abby abbie gail
abraham: abe bram
albert: al bert bertie albie
alexander: alex sandy sasha alec xander lex
alexandra: alex sandy sasha lexi sandra alexa
alfred: al fred alf alfie freddie
allison: ali allie
amanda: mandy mandi
amelia: millie amy
andrea: andie andy
andrew: andy drew
angela: angie
anna: annie
ann: annie nan
anthony: tony ant
antonio: tony toni
arthur: art artie
augustus: gus augie
barbara: barb babs barbie
beatrice: bea trixie
benjamin: ben benny benji
bernard: bernie barney
bernadette: bernie
bradley: brad
brandon: bran
bridget: bridie biddy
calvin: cal
cameron: cam
caroline: carrie caro
carolyn: carrie
cassandra: cass cassie sandra
catherine: cathy cate cat kitty kate katie
cecilia: cece celia
charles: chuck charlie chas chip
charlotte: lottie charlie lotte
christina: tina chris chrissy christie
christine: chris chrissy tina christie
christian: chris
christopher: chris kit topher
clarence: clancy
clifford: cliff
constance: connie
curtis: curt
cynthia: cindy cyndi
daniel: dan danny
danielle: dani danni
david: dave davey
deborah: deb debbie debra
dennis: denny
dominic: dom nick
donald: don donnie
dorothy: dot dottie dolly
douglas: doug
edward: ed eddie ted teddy ned
edwin: ed eddie
eduardo: lalo eddie
eleanor: ellie nell nora nellie
elizabeth: liz lizzie beth betty betsy eliza libby lizzy bess liza elsie
emily: em emmy
emma: em
eric: rick
ernest: ernie
esther: essie
eugene: gene
evelyn: evie
ezekiel: zeke
florence: flo florrie flossie
frances: fran frannie fanny
francis: frank frankie fran
francisco: paco pancho frank cisco
franklin: frank
frederick: fred freddie freddy fritz
gabriel: gabe
gabrielle: gabby gabi
geoffrey: geoff jeff
george: georgie
gerald: gerry jerry
gertrude: gertie trudy
gilbert: gil bert
gregory: greg gregg
guadalupe: lupe lupita
guillermo: memo
gwendolyn: gwen
harold: hal harry
harriet: hattie
helen: nell nellie
henry: hank harry hal
herbert: herb bert
howard: howie
hubert: hugh bert
ignacio: nacho
irene: rene
isaac: ike zac
isabella: bella izzy isa belle
isabel: izzy bella isa belle
jacob: jake jay
jacqueline: jackie jacqui
james: jim jimmy jamie jem
janet: jan
jason: jay
jeffrey: jeff
jennifer: jen jenny jenn
jeremiah: jerry jeremy
jeremy: jerry
jerome: jerry
jessica: jess jessie
jesus: chuy
john: jack johnny jon jackie
jonathan: jon jonny
jonathon: jon jonny
jose: pepe
joseph: joe joey
josefina: pepa
josephine: jo josie
joshua: josh
joyce: joy
judith: judy judi
julia: jules julie
julian: jules
katherine: kathy kate katie kat kitty kay
kathryn: kathy kate katie kat kay
kathleen: kathy kath katie kay
kenneth: ken kenny
kimberly: kim kimmy
kristina: kris tina krissy
kristin: kris krissy
kristen: kris krissy
lawrence: larry laurie
leonard: leo len lenny
leonardo: leo
leslie: les
lillian: lil lilly lily
louis: lou louie
louise: lou
lucille: lucy
luis: lucho
madeline: maddie maddy
madison: maddie maddy
magdalena: lena magda
marcus: marc mark
margaret: maggie meg peggy marge margie peg greta daisy madge
maria: mary mia
martha: marty patty
martin: marty
mary: molly polly mae mamie
matilda: tilly mattie
matthew: matt matty
maureen: mo
maurice: morrie
maximilian: max
megan: meg
melanie: mel
melissa: mel missy lissa
melvin: mel
michael: mike mick mickey mikey mitch
michaela: micki
michelle: shelly chelle
mildred: millie
miranda: mandy randi
mitchell: mitch
mohammed: mo
montgomery: monty
nancy: nan
natalie: nat
nathan: nate nat
nathaniel: nate nat nathan
nicholas: nick nicky nico
nicole: nicky nikki
norman: norm
oliver: ollie
olivia: liv livvy
oscar: ozzie
pamela: pam
patricia: pat patty trish tricia patti
patrick: pat paddy rick
penelope: penny
peter: pete
philip: phil
phillip: phil
priscilla: cilla prissy
rachel: rach
ralph: ralphie
randall: randy
raymond: ray
rebecca: becky becca beck
reginald: reg reggie
richard: rick dick rich richie ricky
robert: bob bobby rob robbie bert
roberta: bobbie
roberto: beto
roderick: rod
rodney: rod
roger: rog
roland: rollie
ronald: ron ronnie
rosemary: rosie rose
russell: russ rusty
ruth: ruthie
samantha: sam sammie
samuel: sam sammy
sandra: sandy
sarah: sally sadie
sebastian: seb bas
sharon: shari
shirley: shirl
sidney: sid
solomon: sol
sophia: sophie
stanley: stan
stephanie: steph stephie
stephen: steve stevie
steven: steve stevie
stuart: stu
susan: sue susie suzy
susannah: sue susie
suzanne: sue suzy
sylvester: sly
sylvia: syl
tabitha: tabby
terence: terry
teresa: terry tess tessa tessie
theresa: terry tess tessa tessie
theodore: ted teddy theo
thaddeus: thad tad
thomas: tom tommy
timothy: tim timmy
tobias: toby
valerie: val
vanessa: nessa
veronica: ronnie vera
vernon: vern
victor: vic
victoria: vicky tori vicki
vincent: vince vinny
virginia: ginny ginger
walter: walt wally
wesley: wes
wilfred: will fred wilf
wilhelmina: billie mina minnie
william: will bill billy willie liam
winifred: winnie
yvonne: vonnie
zachary: zach zack zac
`;
