/**
 * Names of people from many parts of the world, each with what brothers, sisters and twins there are called alike.
 * Composed for test/support/impostors.ts, without a look at the names that the matcher knows.
 */

export interface Origin {
  readonly f: readonly string[];
  readonly m: readonly string[];
  readonly families: readonly string[];
  /** Names of two children of one family that are easily taken for one; the first letter says of which sex they are. */
  readonly alike: readonly (readonly [sexes: 'ff' | 'mm' | 'fm', one: string, other: string])[];
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** Several words to a name: divided by commas. */
function lines(text: string): readonly string[] {
  return text.split(',').map((name) => name.trim());
}

function alike(text: string): Origin['alike'] {
  return lines(text).map((entry) => {
    const [sexes, names] = [entry.slice(0, 2), entry.slice(3)];
    const [one = '', other = ''] = names.split('/');
    return [sexes as 'ff' | 'mm' | 'fm', one, other] as const;
  });
}

export const ORIGINS: Readonly<Record<string, Origin>> = {
  english: {
    f: words(`Mary Patricia Jennifer Linda Susan Karen Emily Ashley Megan Rachel Laura Heather Alison Courtney
      Lauren Brooke Paige Haley Madison Abigail Claire Audrey Hazel Ruth Edith Mabel Doris Beverly`),
    m: words(`James Robert John Michael William David Thomas Steven Brian Kevin Jeffrey Ryan Jason Tyler Kyle
      Connor Wyatt Logan Mason Owen Harold Walter Earl Clarence Gerald Roger Wayne Craig`),
    families: words(`Smith Johnson Brown Miller Davis Wilson Taylor Clark Lewis Walker Hall Young Allen King Wright
      Hill Adams Baker Nelson Carter Mitchell Turner Parker Thistlewood Ravenscroft Applegarth`),
    alike: alike(`ff Emma/Ella,ff Kayla/Kaylee,ff Madison/Addison,ff Hailey/Bailey,ff Anna/Hannah,ff Erin/Karen,
      ff Sara/Kara,ff Molly/Holly,ff Jenna/Jemma,ff Kaitlyn/Katelynn,ff Marie/Maria,ff Brianna/Breanne,ff Lily/Lila,
      mm Jayden/Kayden,mm Aiden/Caden,mm Ethan/Nathan,mm Ronald/Donald,mm Mark/Marc,mm Larry/Barry,mm Tim/Jim,
      mm Jon/Ron,mm Taylor/Tyler,mm Brayden/Braydon,mm Hayden/Jaden,mm Landon/Brandon,mm Carl/Karl,mm Gary/Cary,
      mm Eric/Erik,mm Jeremy/Jeremiah,mm Erik/Derik,mm Bryan/Ryan,mm Daryl/Carroll,fm Erica/Eric,fm Danielle/Daniel,
      fm Michelle/Michael,fm Stephanie/Stephan,fm Andrea/Andrew,fm Jamie/James,fm Bobbie/Robert,fm Frances/Francis,
      fm Joan/John,fm Christina/Christian,fm Nicole/Nicholas,fm Kelly/Kellen,fm Robyn/Robin,fm Jean/Gene`),
  },
  'african american': {
    f: words(`Latoya Keisha Tamika Ebony Shanice Aaliyah Imani Nia Deja Precious Tanisha Lakisha Shaniqua Raven
      Jada Kiara Zaria Amari Latasha Monique`),
    m: words(`DeShawn Jamal Tyrone Darnell Malik Tyrell Marquis DeAndre Trevon Jaquan Lamar Terrell Kareem Rashad
      Andre Jermaine Cedric Demetrius Kwame Darius`),
    families: words(`Washington Jefferson Booker Banks Gaines Dorsey Rivers Joseph Charles Mosley Broadnax Battle
      Bolden Pettway Smalls Jackson Williams Robinson`),
    alike: alike(`mm DeShawn/DeSean,mm Jaquan/Daquan,mm Tyrell/Terrell,mm Kareem/Raheem,mm Javon/Devon,
      mm Jamar/Lamar,mm Marquis/Marquise,mm Tavon/Davon,ff Tanisha/Lanisha,ff Latoya/Latonya,ff Keisha/Lakeisha,
      ff Shanice/Janice,ff Jada/Jayda,ff Kiara/Tiara,ff Tamika/Tameka,ff Aniyah/Janiyah,fm Andrea/Andre,
      fm Daria/Darius,fm Shawna/Shawn,fm Kiana/Kian`),
  },
  spanish: {
    f: lines(`Maria,Guadalupe,Maria Elena,Maria Luisa,Ana Maria,Rosa,Carmen,Juana,Leticia,Yolanda,Esperanza,
      Xiomara,Marisol,Lucia,Sofia,Camila,Valeria,Daniela,Rocio,Araceli`),
    m: lines(`Jose,Juan,Jose Luis,Juan Carlos,Miguel Angel,Luis,Carlos,Jesus,Francisco,Jorge,Alejandro,Mateo,
      Santiago,Rogelio,Ignacio,Efrain,Gilberto,Rigoberto,Hector,Raul`),
    families: lines(`Garcia,Rodriguez,Martinez,Hernandez,Lopez,Gonzalez,Perez,Sanchez,Ramirez,Garcia Lopez,
      Hernandez Cruz,de la Cruz,Del Rio,Zambrano,Villaseñor,Quiñones,Ybarra,Echeverria`),
    alike: alike(`ff Mariela/Marcela,ff Daniela/Mariela,ff Rosa/Rosalia,ff Maria/Mariana,ff Ana/Anai,
      ff Yesenia/Yessica,ff Lucia/Luisa,ff Elena/Helena,ff Maria Elena/Maria Luisa,ff Ana Sofia/Ana Lucia,
      mm Juan Carlos/Juan Pablo,mm Jose Luis/Jose Manuel,mm Luis Angel/Luis Alberto,mm Raul/Saul,mm Mario/Dario,
      mm Adrian/Fabian,mm Rolando/Orlando,mm Jose/Josue,fm Maria/Mario,fm Daniela/Daniel,fm Gabriela/Gabriel,
      fm Carla/Carlos,fm Luisa/Luis,fm Juana/Juan,fm Alejandra/Alejandro,fm Angela/Angel,fm Julia/Julio`),
  },
  vietnamese: {
    f: lines(`Thi Lan,Thi Hoa,Thi Mai,Thi Huong,Lan,Mai,Ngoc,Phuong,Thuy,Thu Ha,Bich Ngoc,Kim Anh,Hanh,Trang,Linh`),
    m: lines(`Van Hung,Van Minh,Van Duc,Minh,Hung,Tuan,Dung,Hieu,Quang,Duc Anh,Van Thanh,Phuc,Khoa,Long,Bao`),
    families: words(`Nguyen Tran Le Pham Hoang Huynh Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly`),
    alike: alike(`ff Thi Lan/Thi Loan,ff Thi Hoa/Thi Hong,ff Kim Anh/Kim Oanh,ff Ngoc Anh/Ngoc Ha,ff Thu Ha/Thu Hang,
      mm Van Hung/Van Hoang,mm Van Minh/Van Binh,mm Duc Anh/Duc Minh,mm Quang Huy/Quang Hieu,mm Minh Tri/Minh Tu,
      fm Minh Anh/Minh Duc,fm Thanh Ha/Thanh Hai,fm Ngoc Lan/Ngoc Long,mm Tien/Tin,ff Hien/Hieu`),
  },
  chinese: {
    f: lines(`Xiaoli,Jia Yi,Mei Ling,Xin Yi,Li,Fang,Yan,Na,Jing,Yu Ting,Shu Fen,Hui Min,Zi Han,Xue,Lan`),
    m: lines(`Wei,Jia Hao,Zhi Qiang,Zhi Ming,Jun,Lei,Ming,Yong,Qiang,Hao Ran,Zi Xuan,Guo Dong,Jian Guo,Bo,Tao`),
    families: words(`Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo Lin He Gao Luo Ouyang`),
    alike: alike(`mm Jia Hao/Jia Ming,mm Zhi Qiang/Zhi Ming,mm Jian Guo/Jian Jun,mm Zi Xuan/Zi Hao,mm Jun/Jian,
      ff Jia Yi/Jia Xin,ff Mei Ling/Mei Li,ff Xiaoli/Xiaoping,ff Xin Yi/Xin Yu,ff Yuting/Yuqing,ff Xiaomei/Xiaoli,
      mm Jianguo/Jianjun,mm Zhiqiang/Zhigang,mm Haoran/Haoyu,mm Ming/Min,ff Ting/Tong,fm Jia Yi/Jia Hao,
      fm Yu Xin/Yu Xuan,fm Xiaoming/Xiaoping,mm Wei/Bei,ff Li Na/Li Sha`),
  },
  korean: {
    f: lines(`Min Seo,Seo Yeon,Ji Woo,Ha Eun,Ji Min,Soo Jin,Eun Ji,Hye Jin,Young Hee,Mi Kyung,Yuna,Sora`),
    m: lines(`Min Jun,Seo Jun,Ji Hoon,Ha Joon,Sung Min,Dong Hyun,Young Ho,Jae Won,Sang Woo,Hyun Woo,Tae Yang,Jin`),
    families: words(`Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Shin Oh Seo Kwon Hwang`),
    alike: alike(`mm Min Jun/Min Ho,mm Ji Hoon/Ji Hun,mm Sung Min/Sung Jin,mm Jae Won/Jae Woo,mm Dong Hyun/Dong Hyuk,
      ff Min Seo/Min Ji,ff Soo Jin/Soo Ji,ff Ha Eun/Ha Yun,ff Eun Ji/Eun Jin,fm Min Seo/Min Jun,fm Ji Woo/Ji Hoon,
      mm Minjun/Minho,ff Jiwoo/Jiwon,mm Junho/Junwoo,ff Seoyeon/Seoyun`),
  },
  'south asian': {
    f: lines(`Priya,Anjali,Lakshmi,Deepa,Sunita,Kavita,Pooja,Divya,Fatima,Ayesha,Gurpreet,Harpreet,Meena,Nisha,Radha,
      Saraswathi,Thenmozhi,Bhavani`),
    m: lines(`Rahul,Amit,Sanjay,Vijay,Suresh,Ramesh,Rajesh,Mohammed Ali,Imran,Gurpreet,Harjit,Karthik,Senthil,Arjun,
      Krishna,Venkatesh,Muhammad Usman,Balasubramanian`),
    families: words(`Patel Singh Kumar Sharma Kaur Khan Reddy Gupta Iyer Nair Begum Ahmed Hussain Chowdhury Mehta
      Subramaniam Venkataraman Jayawardena`),
    alike: alike(`mm Ramesh/Rajesh,mm Suresh/Naresh,mm Rahul/Rohul,mm Sanjay/Ajay,mm Vijay/Vinay,mm Harjit/Manjit,
      mm Gurpreet/Harpreet,mm Mohammed Ali/Mohammed Umar,mm Karthik/Karthick,mm Arun/Varun,ff Anita/Sunita,
      ff Meena/Reena,ff Kavita/Savita,ff Priya/Riya,ff Nisha/Isha,ff Deepa/Deepti,ff Manpreet/Harpreet,
      fm Krishna/Krishnan,fm Gurpreet/Gurmeet,fm Jaya/Jay,mm Luv/Kush,ff Seeta/Geeta,mm Ali Raza/Ali Haider`),
  },
  'arab and somali': {
    f: words(`Fatima Aisha Khadija Amina Maryam Zahra Hodan Fadumo Sahra Ifrah Noor Layla Hibo Asha Halima Nasra`),
    m: lines(`Mohamed,Ahmed,Abdullahi,Abdirahman,Omar,Ali,Hassan,Hussein,Yusuf,Ibrahim,Khalid,Mustafa,Abdi,
      Mohamed Amin,Abdul Aziz,Liban`),
    families: words(`Mohamed Ahmed Ali Hassan Hussein Omar Abdi Yusuf Warsame Farah Ibrahim Osman Nur Jama Haddad
      Khoury Mansour Al-Masri`),
    alike: alike(`mm Hassan/Hussein,mm Abdullahi/Abdillahi,mm Abdirahman/Abdirahim,mm Abdul Aziz/Abdul Rahman,
      mm Abdulaziz/Abdulrahman,mm Amin/Amir,mm Khalid/Walid,mm Mohamed Ali/Mohamed Amin,mm Zakariya/Zakaria,
      ff Amina/Amira,ff Fatima/Fadumo,ff Hodan/Hoda,ff Nasra/Nasrin,ff Layla/Lana,ff Salma/Salwa,ff Nora/Noor,
      fm Amira/Amir,fm Khadra/Khadar,fm Samira/Samir,fm Jamila/Jamil`),
  },
  'west african': {
    f: words(`Ngozi Chioma Adaeze Ifeoma Chinwe Funmilayo Yetunde Folake Abena Akosua Efua Ama Fatoumata Aminata
      Mariama Kehinde Taiwo Oluchi`),
    m: words(`Chukwuemeka Emeka Obinna Chidi Oluwaseun Babatunde Olumide Kwame Kofi Kwabena Yaw Mamadou Ibrahima
      Ousmane Taiwo Kehinde Tochukwu Ikenna`),
    families: words(`Okafor Okonkwo Eze Nwosu Adeyemi Adebayo Ogunleye Mensah Owusu Boateng Asante Diallo Bah Barry
      Sow Traore Kamara Obi`),
    alike: alike(`mm Chidi/Chike,mm Chukwuemeka/Chukwuebuka,mm Oluwaseun/Oluwasegun,mm Oluwatobi/Oluwatoni,
      mm Kwame/Kwabena,mm Taiwo/Kehinde,mm Ebuka/Emeka,ff Ngozi/Nkechi,ff Chinwe/Chinyere,ff Chiamaka/Chidimma,
      ff Oluwaseyi/Oluwakemi,ff Ama/Abena,ff Fatoumata/Fanta,ff Aminata/Aissata,fm Chidinma/Chidi,fm Tobi/Toby,
      mm Olumide/Olufemi,fm Oluwadamilola/Oluwadamilare`),
  },
  slavic: {
    f: words(`Olga Natalia Svetlana Irina Tatiana Ludmila Oksana Yulia Anastasia Katarzyna Agnieszka Zofia Daria
      Kateryna Ivana Milica`),
    m: words(`Ivan Sergei Dmitri Alexei Vladimir Andrei Oleg Igor Mikhail Pavel Piotr Krzysztof Wojciech Bohdan
      Taras Milos`),
    families: words(`Ivanov Petrov Kuznetsov Volkov Kovalenko Shevchenko Bondarenko Kowalski Nowak Wisniewski
      Jovanovic Nikolic Novak Horvat Melnyk Tkachenko`),
    alike: alike(`mm Sergei/Andrei,mm Alexei/Alexander,mm Milan/Milos,mm Vladimir/Vladislav,mm Stanislav/Rostislav,
      mm Jan/Jakub,mm Danylo/Danil,ff Daria/Maria,ff Irina/Arina,ff Milica/Milena,ff Oksana/Roksana,ff Alina/Arina,
      ff Elena/Alena,ff Ksenia/Evgenia,fm Alexandra/Alexander,fm Ivana/Ivan,fm Daniela/Danil,fm Evgenia/Evgeni`),
  },
  hmong: {
    f: words(`Mai Pa Bao Kia See Yer Xee Chee Maly Goua PaNhia MaiYer Nou Houa`),
    m: words(`Tou Kong Pao Xiong Neng Chue Vang Fue Tong Ger TouLee Meng Leng Yeng Za Koua`),
    families: words(`Vang Xiong Yang Lor Lee Moua Her Thao Vue Cha Hang Kue Khang Chang`),
    alike: alike(`mm Tou/Tong,mm Meng/Neng,mm Leng/Yeng,mm Pao/Pheng,mm Kou/Koua,mm Chue/Fue,mm Tou Lee/Tou Long,
      ff Mai/Maly,ff Mai See/Mai Yer,ff Pa/Bao,ff Chee/See,ff Pa Nhia/Pa Houa,ff Kia/Kalia,fm Mai/Mao,fm Yer/Ger`),
  },
};

/** Given names that differ in the language itself, and not any more when accents are taken away. */
export const BY_ACCENT: readonly (readonly [family: string, one: string, other: string])[] = [
  ['Nguyễn', 'Văn Hùng', 'Văn Hưng'],
  ['Nguyễn', 'Hùng', 'Hưng'],
  ['Trần', 'Thị Thuỷ', 'Thị Thúy'],
  ['Lê', 'Thùy', 'Thúy'],
  ['Phạm', 'Dũng', 'Dựng'],
  ['Hoàng', 'Ngân', 'Ngạn'],
  ['Đặng', 'Tuấn', 'Tuân'],
  ['Bùi', 'Hạnh', 'Hành'],
  ['Võ', 'Lộc', 'Lọc'],
  ['Phan', 'Tú', 'Tư'],
  ['Adébáyọ̀', 'Ọlá', 'Olà'],
  ['王', '薇', '伟'],
];

/** Names in other scripts than the Latin one: family, and two children of it. */
export const IN_SCRIPT: readonly (readonly [family: string, one: string, other: string])[] = [
  ['王', '伟', '炜'],
  ['李', '志强', '志明'],
  ['张', '丽', '莉'],
  ['陈', '佳怡', '佳欣'],
  ['刘', '建国', '建军'],
  ['김', '민준', '민서'],
  ['이', '지훈', '지현'],
  ['佐藤', '健太', '健二'],
  ['鈴木', 'さくら', 'さくや'],
  ['Иванов', 'Сергей', 'Андрей'],
  ['Петрова', 'Дарья', 'Марья'],
  ['Коваленко', 'Олена', 'Олеся'],
  ['Παπαδόπουλος', 'Γιώργος', 'Γιάννης'],
  ['محمد', 'حسن', 'حسين'],
  ['حداد', 'أمير', 'أمين'],
  ['כהן', 'דן', 'דנה'],
  ['शर्मा', 'राम', 'रमा'],
  ['सिंह', 'अनीता', 'सुनीता'],
  ['ወልደ', 'ሃይሌ', 'ሃብተ'],
];

/** How hospitals name whom nobody can name. */
export const UNNAMED: readonly (readonly [given: string, family: string])[] = [
  ['John', 'Doe'],
  ['Jane', 'Doe'],
  ['JOHN', 'DOE'],
  ['Unknown', 'Unknown'],
  ['Unknown', 'Male'],
  ['Unidentified', 'Female'],
  ['Trauma', 'Alpha'],
  ['Trauma', 'Zulu'],
  ['Trauma', 'Patient'],
  ['XXUnknown', 'XXUnknown'],
  ['ZZTest', 'Patient'],
  ['Test', 'Test'],
  ['Test', 'Patient'],
  ['No Name', 'Given'],
  ['NFN', 'NLN'],
  ['FNU', 'LNU'],
  ['Anonymous', 'Anonymous'],
  ['Do Not', 'Use'],
  ['Confidential', 'Patient'],
  ['Doe', 'John'],
  ['Jane', 'Roe'],
  ['Patient', 'Unknown'],
];

/** How those are named who were born just now; `*` stands for the mother's first name. */
export const NEWBORN: readonly string[] = words(`Baby Boy|Baby Girl|BabyBoy|Babygirl|BB|BG|Boy|Girl|Newborn|Infant|
  Baby|Male|Female|Boy_A|Girl_B|Baby_Boy_A|Baby_Boy_B|Twin_A|Boy_of_*|Girl_of_*|*s_Girl|Baby_of_*|NB_Male|
  Infant_Boy|Newborn_Girl|BabyA|Unnamed|Neonate|Bebe|Baby_1|Baby_2|BoyA`)
  .join(' ')
  .split('|')
  .map((name) => name.trim().replaceAll('_', ' '));

/** Towns that exist in no state, and their streets. */
export const TOWNS = lines(
  'Millbrook,Cedar Falls,Fort Harmon,Lake Amity,Saint Orin,East Dunmore,Port Willow,Rosendale',
);
export const ROADS = lines(`Maple Avenue,Oak Street,Main Street,2nd Street,Washington Boulevard,County Road 12,
  Elm Court,Sunset Drive,Riverside Lane,Martin Luther King Drive,Old Mill Road,Prairie View Circle,Birch Way`);
