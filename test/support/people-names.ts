/** Names of the people that tests make up: common ones often, rare ones seldom, as in the United States. */

/** Family names, roughly by how common they are. The first are several hundred times as common as the last. */
export const FAMILIES =
  `Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez
Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez
Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker
Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards
Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey
Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza
Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry
Russell Sullivan Bell Coleman Butler Henderson Barnes Gonzales Fisher Vasquez Simmons Romero Jordan
Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West Cole Hayes Bryant Herrera
Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens Harrison Fernandez McDonald
Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford Olson Simpson
Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer Wagner Black
Robertson Boyd Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols
Stephens Soto Weaver Ryan Gardner Payne Grant Dunn Kelley Spencer Hawkins Arnold Pierce Hansen Peters
Santos Hart Bradley Knight Elliott Cunningham Duncan Armstrong Hudson Carroll Lane Riley Andrews
Alvarado Ray Delgado Berry Perkins Hoffman Johnston Matthews Pena Richards Contreras Willis Carpenter
Lawrence Sandoval O'Brien Smith-Jones`.split(/\s+/);

export const GIVEN = {
  f: `Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Sandra
Margaret Ashley Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Sharon
Laura Cynthia Dorothy Amy Kathleen Angela Shirley Emma Brenda Pamela Nicole Anna Samantha Katherine
Christine Debra Rachel Carolyn Janet Maria Olivia Heather Helen Catherine Diane Julie Victoria Joyce
Lauren Kelly Christina Ruth Joan Virginia Judith Evelyn Hannah Andrea Megan Cheryl Jacqueline Madison
Teresa Abigail Sophia Martha Sara Gloria Janice Kathryn Ann Isabella Judy Charlotte Julia Grace Amber
Alice Jean Denise Frances Danielle Marilyn Natalie Beverly Diana Brittany Theresa Kayla Alexis Doris
Lori Tiffany Zariah Annika Leticia Xiomara Saoirse Ngozi Yolanda Priya Mireille Oksana`.split(/\s+/),
  m: `James Robert John Michael David William Richard Joseph Thomas Christopher Charles Daniel Matthew Anthony
Mark Donald Steven Andrew Paul Joshua Kenneth Kevin Brian George Timothy Ronald Jason Edward Jeffrey
Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory
Alexander Patrick Frank Raymond Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry Zachary Douglas
Peter Kyle Noah Ethan Jeremy Walter Christian Keith Roger Terry Austin Sean Gerald Carl Dylan Harold
Jordan Jesse Bryan Lawrence Arthur Gabriel Bruce Logan Billy Joe Alan Juan Elijah Willie Albert Wayne
Randy Mason Vincent Liam Roy Bobby Caleb Bradley Russell Lucas Muhammad Dmitri Kwame Rohan Thaddeus
Ezekiel Leopold Iker Bartholomew`.split(/\s+/),
} as const;

/** Brothers and sisters, twins above all, are called so. */
export const ALIKE: readonly (readonly [string, string])[] =
  `Jayden Hayden,Jaden Jayden,Kayla Kyla,Ronald Donald,Eric Derek,Marie Maria,Anna Hanna,Aidan Ayden,Brian
Bryan,Ethan Nathan,Madison Addison,Ella Emma,Ella Bella,Hannah Anna,Taylor Tyler,Landon Logan,Jason
Jayson,Emily Emilia,Isabel Isabella,Daniel Daniela,Michael Michaela,Gabriel Gabriela,Andrew
Andrea,Robert Roberta,Carl Carla,Paul Paula,Joseph Josephine,Julian Juliana,Christian Christiana,Faith
Fay,Hope Joy,Jack Jake,Jon John,Alexander Alexandra,Samuel Samantha,Erica Erika,Kaitlyn Katelyn,Kaylee
Kylie,Mia Maya,Lily Lilly,Lucas Luke,Olivia Oliver,Evan Ethan,Megan Morgan,Brianna Breanna,Jada
Jade,Isaac Isaiah,Adrian Adriana,Aaron Erin,Steven Stephen,Sophia Sofia,Ava Eva,Max Maxwell,Jasmine
Jasmin,Karen Karin,Christine Christina,Tia Mia,Layla Kayla,Jaylen Jalen,Trevon Travon,Deshawn
Lashawn,Tayvion Trayvion,Zaylon Jaylon,Marisol Marisa,Elena Helena,Carolina Caroline,Ana Anna,Luis
Luisa,Mario Maria,Terry Jerry,Gerry Jerry,Harry Larry,Barry Larry,Molly Polly,Holly Molly,Shawn
Sean,Dana Diana,Nina Tina,Carter Carson,Mason Jason`
    .replaceAll('\n', ' ')
    .split(',')
    .map((pair): readonly [string, string] => {
      const [one = '', other = ''] = pair.trim().split(/\s+/);
      return [one, other];
    });

export const STREETS =
  `Oak Maple Cedar Pine Elm Washington Lake Hill Park Walnut Spring North Ridge Church Willow Meadow Forest
Highland River Jefferson Madison Jackson Cherry Dogwood Hickory Lincoln Franklin Sunset Railroad Adams
Poplar Locust Chestnut Birch Monroe Mill Center Valley Cottage Harbor Prairie Canyon Mesa Orchard
Magnolia Juniper Sycamore Cypress Laurel Aspen Birchwood Fairview Greenwood Lakeview Hillcrest Woodland
Riverside Pleasant Summit Victory Liberty`.split(/\s+/);

export const CITIES =
  `Springfield Franklin Clinton Greenville Bristol Fairview Salem Madison Georgetown Arlington Ashland
Dover Oxford Jackson Burlington Manchester Milton Newport Auburn Dayton Lexington Milford Riverside
Cleveland Hudson Kingston Oakland Houston Dallas Austin`.split(/\s+/);
