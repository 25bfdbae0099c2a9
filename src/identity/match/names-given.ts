/**
 * First names that many people have, composed by this project from general knowledge. Used for one question only: are
 * two first names that differ by a letter two names, or one name and a slip of the finger? (Twins are called Jayden and
 * Hayden.) What the index itself counts often is known as well.
 */
const COMMON = `
aaliyah aaron abby abel abigail abraham ada adam addison adele adrian adriana adrienne agnes ahmed aidan aiden aimee
alan alana albert alberto alec alejandra alejandro alex alexa alexander alexandra alexandria alexia alexis alfred
alfredo ali alice alicia alina alisa alison alissa alivia alyson allan allen allie allison alma alondra alvin alyssa
amanda amara amari amaya amber amelia amina amir amy ana anastasia anderson andre andrea andreas andres andrew andy
angel angela angelica angelina angelo angie anika anita ann anna annabel annabelle anne annette annie annika anthony
antoine anton antonia antonio anya april arabella archer archie ari aria ariana arianna ariel ariella arlene armando
arnold arthur arturo arya asher ashlee ashleigh ashley ashlyn ashton aubree aubrey audrey august aurora austin
autumn ava avery axel ayden ayla bailey barbara barry beatrice beau bella ben benjamin bennett bernadette bernard
bernice bessie beth bethany betty beverly bianca bill billy blake blanche bob bobby bonnie brad braden bradley brady
brandi brandon brandy brayden breanna brenda brendan brendon brenna brenton brett brian briana brianna bridget
britney brittany brittney brock brodie brody brooke brooklyn brooks bruce bruno bryan bryant bryce brylee bryson
byron caden caitlin caitlyn caleb callie callum calvin cameron camila camilla camille cara carl carla carlos carly
carmen carol carolina caroline carolyn carrie carson carter casey cassandra cassidy cassie catalina catherine cathy
cayden cecil cecilia cedric celeste celia cesar chad chance chandler charlene charles charlie charlotte chase
chelsea cheryl chester chloe chris christa christian christiana christina christine christopher christy ciara cindy
claire clara clarence clarissa clark claude claudia clay clayton cleo clifford clinton clyde cody colby cole colin
colleen colton conner connie connor conor conrad constance cooper cora corey corinne cory courtney craig cristian
cristina crystal curtis cynthia daisy dakota dale dalton damian damien damon dan dana daniel daniela daniella
danielle danny daphne darcy daria darius darla darlene darnell darrell darren darryl dave david dawn dawson dean
deanna debbie deborah debra declan deirdre delaney delia delores delilah demetrius denis denise dennis derek derrick
desiree destiny devin devon dexter diana diane diego dillon dina dixie dolores dominic dominique don donald donna
donovan dora doreen doris dorothy douglas drew duane dustin dwayne dwight dylan earl easton ebony eddie eden edgar
edith edmund eduardo edward edwin eileen elaine eleanor elena eli elia elias elijah elisa elisabeth elise eliza
elizabeth ella elle ellen ellie elliot elliott ellis elmer elsa elsie elva elvin emerson emery emilia emiliano
emilie emilio emily emma emmanuel emmett enrique eric erica erick ericka erik erika erin ernest ernesto esmeralda
esteban estelle esther ethan ethel eugene eva evan evangeline eve evelyn everett ezekiel ezra faith fatima faye
felicia felicity felipe felix fernando fiona flora florence floyd frances francesca francis francisco frank franklin
fred freddie frederick freya gabriel gabriela gabriella gabrielle gage gail garrett garry gary gavin gayle gemma
gene genesis genevieve geoffrey george georgia georgina gerald geraldine gerard gertrude gianna gideon gilbert gina
ginger giovanni giselle gladys glen glenda glenn gloria gordon grace gracie graham grant grayson greg gregory greta
greyson griffin guadalupe guillermo gustavo guy gwen gwendolyn hailey haley hannah hanna harley harlow harmony
harold harper harriet harris harrison harry harvey hassan hayden hazel heather hector heidi helen helena henrietta
henry herbert herman hillary holden holly hope howard hudson hugh hugo hunter ian ibrahim ida ignacio iker imani
imogen ines ingrid ira irene iris irma isaac isabel isabela isabella isabelle isaiah isla ismael israel ivan ivy
jace jack jackie jackson jacob jacqueline jada jade jaden jadon jaelyn jaime jake jaleel jamal james jameson jamie
jan jana jane janelle janet janice janie jared jarrett jarrod jasmin jasmine jason jasper javier jaxon jaxson jay
jayce jayda jaylen jayden jayla jaylin jaylon jayson jean jeanette jeanne jeff jefferson jeffery jeffrey jenna
jennie jennifer jenny jeremiah jeremy jermaine jerome jerry jesse jessica jessie jesus jill jillian jim jimmy jo
joan joann joanna joanne jocelyn jodi jodie jody joe joel joey johan johanna john johnathan johnny jolene jon jonah
jonas jonathan jonathon jordan jordyn jorge jose josef joseph josephine joshua josiah josie joy joyce juan juana
juanita judith judy julia julian juliana julianna julianne julie juliet juliette julio julius june justin justine
kaden kai kaiden kailey kaitlin kaitlyn kaleb kali kara karen kari karin karina karl karla karlie karly kasey
kassidy kate katelyn katelynn katherine kathleen kathryn kathy katie katrina kay kaya kayden kayla kaylee kayleigh
kaylin keegan keira keisha keith kelley kelli kellie kelly kelsey kelvin ken kendall kendra kendrick kenneth kenny
kent kenya kenzie kerri kerry kevin khloe kian kiana kiara kieran kiera kim kimberley kimberly kingston kinsley kira
kirk kirsten klara kobe kody kolton krista kristen kristin kristina kristine kristopher kristy krystal kurt kyla
kyle kylee kyler kylie kyra lacey lachlan laila lana lance landen landon lara larry latasha latoya laura laurel
lauren laurence laurie lauryn lawrence layla layton lea leah leanne leanna lee leila lena leo leon leona leonard
leonardo leroy lesley leslie lester leticia levi lewis lexi liam libby lila liliana lillian lillie lilly lily lina
lincoln linda lindsay lindsey lionel lisa liv livia liza lloyd logan lois lola london lonnie lora loren lorena
lorenzo loretta lori lorraine louis louisa louise lucas lucia lucian luciana lucille lucy luis luisa lukas luke luna
luther luz lydia lyla lyle lynda lynette lynn lynne mabel mackenzie macy maddison madeleine madeline madelyn madison
mae maggie maia makayla malachi malcolm malia malik mallory mandy manuel mara marc marcella marcia marco marcos
marcus margaret margarita margie margot maria mariah mariam marian mariana marianna marianne marie mariella marilyn
marina mario marion marisa marisol marissa marjorie mark marla marlene marlon marlene marshall martha martin martina
marvin mary maryann mason mateo mathew matilda matteo matthew mattie maura maureen maurice maverick max maxine
maxwell may maya mayra mckenna mckenzie megan meghan mei melanie melinda melissa melody melvin mercedes meredith mia
micah michael michaela michele michelle miguel mikayla mike mila mildred miles milan millie milo milton mina mindy
minnie mira miranda miriam misty mitchell moises molly mona monica monique morgan moses muhammad mohammed mohamed
mohammad mustafa mya myla myles myra myron myrtle nadia nadine nancy naomi natalia natalie natasha nathalie nathan
nathaniel neil nelson nevaeh nia nicholas nick nickolas nicolas nicole nigel nikita nikki nikolas nina noah noel
noelle nolan nora norah noreen norma norman nyla octavia olga olive oliver olivia omar omari ophelia orlando oscar
otis owen pablo paige paisley pamela paris parker pat patience patricia patrick patsy patti paul paula pauline pearl
pedro peggy penelope penny percy perla perry pete peter peyton phil philip phillip phoebe phyllis pierre piper
porter presley preston priscilla priya quentin quincy quinn rachael rachel rafael ralph ramon ramona randall randy
raquel raul raven ray raymond reagan rebecca rebekah reece reed reese regina reginald reid rena renae rene renee
reuben rex reyna rhett rhonda ricardo richard rick ricky riley rita river rob robert roberta roberto robin robyn
rocco rochelle rocio roderick rodney rodrigo roger roland rolando roman ron ronald ronan ronnie rory rosa rosalie
rosalind rosalyn rosanna rosanne rose rosemarie rosemary rosie ross rowan roxanne roy royce ruben ruby rudy russell
rusty ruth ryan ryder ryker rylan ryland rylee sabrina sadie sage sally salma salvador sam samantha samara samir
samuel sandra sandy santiago sara sarah sarai sasha saul savanna savannah sawyer scarlett scott sean sebastian
selena selina serena sergio seth shana shane shania shannon shari sharon shaun shauna shawn shawna sheena sheila
shelby sheldon shelley shelly sheri sherri sherrie sherry sheryl shirley sidney sienna sierra silas silvia simon
simone skye skylar skyler sofia solomon sonia sonja sonya sophia sophie spencer stacey staci stacie stacy stanley
stefan stefanie stella stephan stephanie stephen steve steven stewart stuart sue summer susan susana susanna
susannah suzanne sydney sylvia tabitha talia tamara tami tamika tammy tania tanner tanya tara taryn tasha tatiana
tatum taylor ted teresa teri terrance terrence terri terry tess tessa thea thelma theo theodore theresa thomas tia
tiana tiffany tim timothy tina tobias toby todd tom tommy toni tonia tony tonya tracey traci tracie tracy travis
trent trenton trevor tricia trina trinity trisha tristan tristen troy trudy tucker ty tyler tyra tyree tyrese tyrone
tyson ulysses uma uriel ursula valentina valeria valerie van vance vanessa vaughn vera verna vernon veronica vicki
vickie vicky victor victoria vincent viola violet virginia vivian viviana vivienne wade walker wallace walter wanda
warren wayne wendell wendy wesley weston whitney wilbur will willa william willie willis willow wilma winston wyatt
xander xavier ximena yahir yasmin yasmine yesenia yolanda yvette yvonne zachary zachery zack zander zane zara zariah
zoe zoey zoie
`;

export const COMMON_GIVEN_NAMES: ReadonlySet<string> = new Set(COMMON.trim().split(/\s+/));
