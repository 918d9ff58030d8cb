"""The hundred largest metropolitan areas of the United States: where most of its shoppers live.

Facts, rounded: the position of the main city, the thousands of people in the area at the 2020 census, and the
time zone.
"""

from dataclasses import dataclass
from typing import Final

EASTERN: Final = "America/New_York"
CENTRAL: Final = "America/Chicago"
MOUNTAIN: Final = "America/Denver"
PACIFIC: Final = "America/Los_Angeles"


@dataclass(frozen=True, slots=True)
class Metro:
    """A metropolitan area, by the name of its main city."""

    name: str
    lat: float
    lon: float
    thousands: int
    timezone: str


METROS: Final = (
    Metro("New York", 40.71, -74.01, 20140, EASTERN),
    Metro("Los Angeles", 34.05, -118.24, 13201, PACIFIC),
    Metro("Chicago", 41.88, -87.63, 9619, CENTRAL),
    Metro("Dallas", 32.78, -96.80, 7637, CENTRAL),
    Metro("Houston", 29.76, -95.37, 7122, CENTRAL),
    Metro("Washington", 38.91, -77.04, 6385, EASTERN),
    Metro("Philadelphia", 39.95, -75.17, 6245, EASTERN),
    Metro("Miami", 25.76, -80.19, 6138, EASTERN),
    Metro("Atlanta", 33.75, -84.39, 6090, EASTERN),
    Metro("Boston", 42.36, -71.06, 4942, EASTERN),
    Metro("Phoenix", 33.45, -112.07, 4846, "America/Phoenix"),
    Metro("San Francisco", 37.77, -122.42, 4749, PACIFIC),
    Metro("Riverside", 33.95, -117.40, 4600, PACIFIC),
    Metro("Detroit", 42.33, -83.05, 4392, "America/Detroit"),
    Metro("Seattle", 47.61, -122.33, 4019, PACIFIC),
    Metro("Minneapolis", 44.98, -93.27, 3690, CENTRAL),
    Metro("San Diego", 32.72, -117.16, 3299, PACIFIC),
    Metro("Tampa", 27.95, -82.46, 3175, EASTERN),
    Metro("Denver", 39.74, -104.99, 2964, MOUNTAIN),
    Metro("Baltimore", 39.29, -76.61, 2844, EASTERN),
    Metro("St. Louis", 38.63, -90.20, 2820, CENTRAL),
    Metro("Orlando", 28.54, -81.38, 2673, EASTERN),
    Metro("Charlotte", 35.23, -80.84, 2660, EASTERN),
    Metro("San Antonio", 29.42, -98.49, 2558, CENTRAL),
    Metro("Portland", 45.52, -122.68, 2513, PACIFIC),
    Metro("Sacramento", 38.58, -121.49, 2397, PACIFIC),
    Metro("Pittsburgh", 40.44, -80.00, 2371, EASTERN),
    Metro("Austin", 30.27, -97.74, 2283, CENTRAL),
    Metro("Las Vegas", 36.17, -115.14, 2265, PACIFIC),
    Metro("Cincinnati", 39.10, -84.51, 2257, EASTERN),
    Metro("Kansas City", 39.10, -94.58, 2192, CENTRAL),
    Metro("Columbus", 39.96, -83.00, 2139, EASTERN),
    Metro("Indianapolis", 39.77, -86.16, 2111, "America/Indiana/Indianapolis"),
    Metro("Cleveland", 41.50, -81.69, 2088, EASTERN),
    Metro("San Jose", 37.34, -121.89, 2001, PACIFIC),
    Metro("Nashville", 36.16, -86.78, 1990, CENTRAL),
    Metro("Virginia Beach", 36.85, -75.98, 1800, EASTERN),
    Metro("Providence", 41.82, -71.41, 1677, EASTERN),
    Metro("Jacksonville", 30.33, -81.66, 1606, EASTERN),
    Metro("Milwaukee", 43.04, -87.91, 1575, CENTRAL),
    Metro("Oklahoma City", 35.47, -97.52, 1426, CENTRAL),
    Metro("Raleigh", 35.78, -78.64, 1414, EASTERN),
    Metro("Memphis", 35.15, -90.05, 1337, CENTRAL),
    Metro("Richmond", 37.54, -77.44, 1314, EASTERN),
    Metro("Louisville", 38.25, -85.76, 1286, "America/Kentucky/Louisville"),
    Metro("New Orleans", 29.95, -90.07, 1272, CENTRAL),
    Metro("Salt Lake City", 40.76, -111.89, 1258, MOUNTAIN),
    Metro("Hartford", 41.77, -72.67, 1214, EASTERN),
    Metro("Buffalo", 42.89, -78.88, 1167, EASTERN),
    Metro("Birmingham", 33.52, -86.80, 1115, CENTRAL),
    Metro("Rochester", 43.16, -77.61, 1091, EASTERN),
    Metro("Grand Rapids", 42.96, -85.67, 1087, "America/Detroit"),
    Metro("Tucson", 32.22, -110.97, 1043, "America/Phoenix"),
    Metro("Honolulu", 21.31, -157.86, 1017, "Pacific/Honolulu"),
    Metro("Tulsa", 36.15, -95.99, 1015, CENTRAL),
    Metro("Fresno", 36.74, -119.79, 1009, PACIFIC),
    Metro("Worcester", 42.26, -71.80, 978, EASTERN),
    Metro("Omaha", 41.26, -95.93, 967, CENTRAL),
    Metro("Bridgeport", 41.19, -73.20, 957, EASTERN),
    Metro("Greenville", 34.85, -82.40, 928, EASTERN),
    Metro("Albuquerque", 35.08, -106.65, 917, MOUNTAIN),
    Metro("Bakersfield", 35.37, -119.02, 909, PACIFIC),
    Metro("Albany", 42.65, -73.76, 899, EASTERN),
    Metro("Knoxville", 35.96, -83.92, 879, EASTERN),
    Metro("Baton Rouge", 30.45, -91.19, 871, CENTRAL),
    Metro("McAllen", 26.20, -98.23, 871, CENTRAL),
    Metro("El Paso", 31.76, -106.49, 869, MOUNTAIN),
    Metro("New Haven", 41.31, -72.92, 865, EASTERN),
    Metro("Allentown", 40.60, -75.47, 862, EASTERN),
    Metro("Oxnard", 34.20, -119.18, 844, PACIFIC),
    Metro("North Port", 27.04, -82.24, 834, EASTERN),
    Metro("Columbia", 34.00, -81.03, 829, EASTERN),
    Metro("Dayton", 39.76, -84.19, 814, EASTERN),
    Metro("Charleston", 32.78, -79.93, 800, EASTERN),
    Metro("Stockton", 37.96, -121.29, 779, PACIFIC),
    Metro("Greensboro", 36.07, -79.79, 776, EASTERN),
    Metro("Boise", 43.62, -116.20, 765, "America/Boise"),
    Metro("Cape Coral", 26.56, -81.95, 761, EASTERN),
    Metro("Colorado Springs", 38.83, -104.82, 755, MOUNTAIN),
    Metro("Little Rock", 34.75, -92.29, 748, CENTRAL),
    Metro("Lakeland", 28.04, -81.95, 725, EASTERN),
    Metro("Des Moines", 41.59, -93.62, 709, CENTRAL),
    Metro("Akron", 41.08, -81.52, 702, EASTERN),
    Metro("Springfield", 42.10, -72.59, 699, EASTERN),
    Metro("Poughkeepsie", 41.70, -73.92, 698, EASTERN),
    Metro("Ogden", 41.22, -111.97, 695, MOUNTAIN),
    Metro("Madison", 43.07, -89.40, 681, CENTRAL),
    Metro("Winston-Salem", 36.10, -80.24, 676, EASTERN),
    Metro("Provo", 40.23, -111.66, 671, MOUNTAIN),
    Metro("Deltona", 28.90, -81.26, 669, EASTERN),
    Metro("Syracuse", 43.05, -76.15, 662, EASTERN),
    Metro("Durham", 35.99, -78.90, 650, EASTERN),
    Metro("Wichita", 37.69, -97.34, 647, CENTRAL),
    Metro("Toledo", 41.65, -83.54, 647, EASTERN),
    Metro("Jackson", 32.30, -90.18, 620, CENTRAL),
    Metro("Augusta", 33.47, -81.97, 611, EASTERN),
    Metro("Palm Bay", 28.03, -80.59, 607, EASTERN),
    Metro("Harrisburg", 40.27, -76.88, 592, EASTERN),
    Metro("Spokane", 47.66, -117.43, 586, PACIFIC),
    Metro("Scranton", 41.41, -75.66, 568, EASTERN),
)
