"""The words the demo is made of: plainly invented people, and titles by type of event."""

from events.states import EventType

GIVEN = """
Ada Amina Anders Bao Beatriz Calvin Carmen Chidi Clara Dalia Desmond Eli Elena Farah
Felix Gloria Hana Henry Ines Isaac Jamal Joan Kavya Keiko Leo Lucia Malik Marta Nadia Noah Odette
Omar Paloma Priya Quinn Rosa Ruth Samir Sofia Tariq Tess Uma Victor Wanda Xiomara Yusuf Zoe
""".split()  # noqa: SIM905
# Words no real family is called by, so that nobody mistakes the demo for somebody's data.
FAMILY = """
Appleseed Barnowl Bellwether Bluebonnet Buttercup Catalpa Chickadee Clothesline
Cornflower Dogwood Fiddlehead Firefly Goldenrod Gristmill Haystack Honeycomb Huckleberry Lamplight
Larkspur Lemonade Magnolia Marigold Meadowlark Moonflower Pancake Paperbark Porchlight Quillfeather
Rainbarrel Rhubarb Sassafras Screendoor Snapdragon Sugarmaple Sycamore Teakettle Thimbleberry
Tumbleweed Weathervane Wildrye Windowbox Yarrow""".split()  # noqa: SIM905

STREETS = """
Alder Aspen Birch Cedar Cherry Chestnut Clover Elm Fern Hazel Hickory Juniper Laurel
Linden Maple Mulberry Oak Orchard Pecan Pine Poplar Rowan Spruce Walnut Willow""".split()  # noqa: SIM905

TITLES: dict[str, list[str]] = {
    EventType.HOUSE_PARTY: [
        "Watch the launch in our living room",
        "Pie, coffee and a plan for our street",
        "House party on the porch",
        "Neighbors' night: meet the campaign",
        "Potluck and postcards",
    ],
    EventType.CANVASS: [
        "Knock doors in the neighborhood",
        "Saturday canvass: three shifts, good shoes",
        "Door-to-door for the library measure",
    ],
    EventType.PHONE_BANK: ["Evening phone bank", "Calls and cookies", "First-timers' phone bank"],
    EventType.TEXT_BANK: ["Text bank from your couch", "Lunch-hour text bank"],
    EventType.RALLY: ["Rally on the courthouse lawn", "Rally for good schools"],
    EventType.TOWN_HALL: ["Town hall: ask anything", "Town hall on rents and roads"],
    EventType.TRAINING: ["Learn to canvass in an hour", "Host training: your first house party"],
    EventType.MEETING: ["Monthly volunteer meeting", "Planning meeting for the county"],
    EventType.BARNSTORM: ["Barnstorm: 100 volunteers, one evening", "County barnstorm"],
    EventType.DEBATE_WATCH: ["Debate watch with popcorn", "Watch the debate together"],
    EventType.FUNDRAISER: ["Chili supper for the campaign", "Backyard concert fundraiser"],
    EventType.COMMUNITY_SERVICE: ["Food bank shift together", "Park clean-up and picnic"],
    EventType.OTHER: ["Sign-painting afternoon", "Letters to the editor workshop"],
}

# Each fits every title of its type, at home, in a hall or online.
DESCRIPTIONS: dict[str, list[str]] = {
    EventType.HOUSE_PARTY: [
        "Come as you are. We start with names and snacks, hear from the campaign for twenty"
        " minutes, and then **do one useful thing together**.\n\nFirst time? You are who this is"
        " for.",
        "An easy evening with people who live near you. There will be tea, something sweet, and"
        " room for children. We'll talk about what our street needs and who can do what.",
    ],
    EventType.CANVASS: [
        "We will have water, maps, clipboards, and somebody who has done this before for everybody"
        " who has not. You knock with a partner.\n\n- Wear shoes you can walk in\n- Bring a charged"
        " phone\n- Friends are welcome",
        "We practice for fifteen minutes, then go out in pairs to talk with neighbors. Most people"
        " are friendly, and many are glad that somebody came. Afterward we compare notes.",
    ],
    EventType.PHONE_BANK: [
        "We call voters who haven't made up their minds. You get a list and a short script, and we"
        " practice on each other first.\n\n- Bring a charged phone and headphones\n- A laptop"
        " helps, but you don't need one",
        "An hour of calls goes fast in good company. Somebody who has done this many times stays"
        " with you until you feel sure. Come for all of it or for half; both help.",
    ],
    EventType.TEXT_BANK: [
        "You send texts from a web page, so nobody sees your number. We set up together in the"
        " first ten minutes, then answer what comes back. You need a laptop or a tablet, and its"
        " charger.",
    ],
    EventType.RALLY: [
        "Music first, then short speeches by people you may know from around here, and at the end"
        " everybody signs up for **one hour of help**. Bring water, a hat, and a sign you made"
        " yourself.",
    ],
    EventType.TOWN_HALL: [
        "Ask what you like. Two candidates and somebody from the county answer, two minutes to a"
        " question, and nobody gives a speech. We keep time and take turns, so everyone is heard.",
    ],
    EventType.TRAINING: [
        "All you need to begin, in plain words: what to say, what to bring, and what to do when it"
        " gets awkward. We practice in small groups. You leave with a date for your first time.",
    ],
    EventType.MEETING: [
        "We look at what got done, share out what comes next, and **end on time**. New people get a"
        " short introduction first. Ten minutes a week? There is a job for you.",
    ],
    EventType.BARNSTORM: [
        "One big meeting with one goal: by the end, everyone has a job and a date. We hear three"
        " short stories, then sign up for house parties, doors, and phones on the spot. Bring the"
        " friend who has been meaning to help.",
    ],
    EventType.DEBATE_WATCH: [
        "We turn it on early, keep score on bingo cards, and talk it over afterward. There is"
        " popcorn for everyone, and a quiet corner for those who want to hear every word.",
    ],
    EventType.FUNDRAISER: [
        "Something warm to eat, a little music, and good company. Give what you can; nobody is"
        " turned away for having little. It all goes into yard signs and flyers for our part of"
        " town.",
    ],
    EventType.COMMUNITY_SERVICE: [
        "Two hours of useful work side by side, and a bite to eat afterward. We bring gloves, bags,"
        " and a list of what needs doing.\n\n- Wear clothes that may get dirty\n- Children can help"
        " if a grown-up comes along",
    ],
    EventType.OTHER: [
        "We have long tables, paper, pens, and people who like to help. Come with an idea or"
        " without one; you will go home with something you made. No talent needed.",
    ],
}
VENUES = [
    "Public Library, Community Room",
    "Grange Hall",
    "Union Hall",
    "Riverside Park, Shelter 2",
    "Coffee house on the square",
    "Veterans' Memorial Center",
]
TRANSIT = ["Bus stop in front of the door.", "", "Ten minutes' walk from the station.", ""]
PARKING = ["Street parking.", "Free lot behind the building.", "", "Please leave the drive free."]
NOTES = [
    "",
    "",
    "",
    "First time!",
    "Bringing my sister and a salad.",
    "Need a chair with a back.",
    "We may be ten minutes late.",
    "Can help to set up.",
]

# Where people live: cities with their rough share of the demo (metropolitan thousands, 2020
# Census). ZIP codes are picked inside them; one event in four goes to any ZIP of the country.
METROS: list[tuple[str, str, int]] = [
    ("New York", "NY", 2000),
    ("Brooklyn", "NY", 900),
    ("Los Angeles", "CA", 1320),
    ("Chicago", "IL", 960),
    ("Dallas", "TX", 760),
    ("Houston", "TX", 710),
    ("Washington", "DC", 640),
    ("Philadelphia", "PA", 620),
    ("Miami", "FL", 610),
    ("Atlanta", "GA", 610),
    ("Boston", "MA", 490),
    ("Phoenix", "AZ", 480),
    ("San Francisco", "CA", 470),
    ("Riverside", "CA", 460),
    ("Detroit", "MI", 440),
    ("Seattle", "WA", 400),
    ("Minneapolis", "MN", 370),
    ("San Diego", "CA", 330),
    ("Tampa", "FL", 320),
    ("Denver", "CO", 300),
    ("Baltimore", "MD", 280),
    ("Saint Louis", "MO", 280),
    ("Charlotte", "NC", 270),
    ("Orlando", "FL", 260),
    ("San Antonio", "TX", 260),
    ("Portland", "OR", 250),
    ("Sacramento", "CA", 240),
    ("Pittsburgh", "PA", 240),
    ("Austin", "TX", 230),
    ("Las Vegas", "NV", 220),
    ("Cincinnati", "OH", 220),
    ("Kansas City", "MO", 220),
    ("Columbus", "OH", 210),
    ("Indianapolis", "IN", 210),
    ("Cleveland", "OH", 210),
    ("Nashville", "TN", 200),
    ("Virginia Beach", "VA", 180),
    ("Providence", "RI", 170),
    ("Milwaukee", "WI", 160),
    ("Jacksonville", "FL", 160),
    ("Oklahoma City", "OK", 140),
    ("Raleigh", "NC", 140),
    ("Memphis", "TN", 130),
    ("Richmond", "VA", 130),
    ("New Orleans", "LA", 125),
    ("Louisville", "KY", 125),
    ("Salt Lake City", "UT", 125),
    ("Birmingham", "AL", 110),
    ("Honolulu", "HI", 100),
    ("Albuquerque", "NM", 90),
    ("Omaha", "NE", 95),
    ("Des Moines", "IA", 70),
    ("Anchorage", "AK", 40),
    ("Boise", "ID", 75),
    ("Portland", "ME", 55),
    ("Burlington", "VT", 25),
    ("Cheyenne", "WY", 20),
    ("Fargo", "ND", 25),
    ("Billings", "MT", 20),
    ("Sioux Falls", "SD", 28),
]
