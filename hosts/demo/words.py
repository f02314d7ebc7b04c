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

DESCRIPTIONS = [
    "Come as you are. We start with names and snacks, hear from the campaign for twenty minutes,"
    " and then **do one useful thing together**.\n\nFirst time? You are who this is for.",
    "We will have water, maps, clipboards and somebody who has done this before for everybody who"
    " has not.\n\n- Wear shoes you can walk in\n- Bring a charged phone\n- Friends are welcome",
    "An easy evening with people who live near you. There is room for children, and there will be"
    " tea.",
    "We have a goal, a list and good company. Stay for all of it or for an hour; both help.",
]
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
