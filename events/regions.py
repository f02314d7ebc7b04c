"""States, provinces and countries as people write them.

Codes are those of the post: USPS for the United States, Canada Post for Canada, ISO 3166-1
for countries.
"""

US_STATES: dict[str, str] = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia",
    "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
    "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan",
    "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana",
    "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota",
    "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
    "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee",
    "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming", "PR": "Puerto Rico",
    "VI": "U.S. Virgin Islands", "GU": "Guam", "AS": "American Samoa",
    "MP": "Northern Mariana Islands",
}  # fmt: skip

# ISO 3166-1 gives these a country code of their own; the post treats them as states.
US_TERRITORIES = frozenset({"PR", "VI", "GU", "AS", "MP"})

CANADIAN_PROVINCES: dict[str, str] = {
    "AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick",
    "NL": "Newfoundland and Labrador", "NS": "Nova Scotia", "NT": "Northwest Territories",
    "NU": "Nunavut", "ON": "Ontario", "PE": "Prince Edward Island", "QC": "Quebec",
    "SK": "Saskatchewan", "YT": "Yukon",
}  # fmt: skip

# How people write countries beside their names and ISO codes (normalised spelling).
COUNTRY_NICKNAMES: dict[str, str] = {
    "usa": "US", "us": "US", "u s a": "US", "u s": "US", "united states of america": "US",
    "america": "US", "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "great britain": "GB", "britain": "GB", "holland": "NL",
    "south korea": "KR", "north korea": "KP", "czech republic": "CZ", "ivory coast": "CI",
}  # fmt: skip

# What people call cities, in normalised spelling: (name, state code).
CITY_NICKNAMES: dict[str, tuple[str, str]] = {
    "nyc": ("New York City", "NY"),
    "ny city": ("New York City", "NY"),
    "new york": ("New York City", "NY"),
    "la": ("Los Angeles", "CA"),
    "l a": ("Los Angeles", "CA"),
    "dc": ("Washington", "DC"),
    "d c": ("Washington", "DC"),
    "philly": ("Philadelphia", "PA"),
    "sf": ("San Francisco", "CA"),
    "san fran": ("San Francisco", "CA"),
    "vegas": ("Las Vegas", "NV"),
    "nola": ("New Orleans", "LA"),
    "atl": ("Atlanta", "GA"),
    "chi town": ("Chicago", "IL"),
    "indy": ("Indianapolis", "IN"),
    "slc": ("Salt Lake City", "UT"),
    "okc": ("Oklahoma City", "OK"),
    "kc": ("Kansas City", "MO"),
    "cincy": ("Cincinnati", "OH"),
    "jax": ("Jacksonville", "FL"),
    "st pete": ("St. Petersburg", "FL"),
    "pdx": ("Portland", "OR"),
    "abq": ("Albuquerque", "NM"),
    "stl": ("St. Louis", "MO"),
    "bmore": ("Baltimore", "MD"),
    "the bronx": ("The Bronx", "NY"),
    "bronx": ("The Bronx", "NY"),
    "twin cities": ("Minneapolis", "MN"),
    "nawlins": ("New Orleans", "LA"),
    "pgh": ("Pittsburgh", "PA"),
    "the burgh": ("Pittsburgh", "PA"),
    "dfw": ("Dallas", "TX"),
    "htx": ("Houston", "TX"),
    "atx": ("Austin", "TX"),
    "mpls": ("Minneapolis", "MN"),
}


def state_name(code: str, country: str = "US") -> str:
    """The full name of a state, province or territory; the code itself where unknown."""
    if country == "CA":
        return CANADIAN_PROVINCES.get(code, code)
    return US_STATES.get(code, code)
