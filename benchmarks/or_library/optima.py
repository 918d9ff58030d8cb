"""Published optima, as the OR-Library and the literature on it give them.

cap41 to cap44 and cap71 to cap74: Beasley (1988), EJOR 33, 314-325. Generalised assignment, types a and b as
minimisation: Chu & Beasley (1997). assign: Beasley (1990), Linear Algebra and its Applications. scp4:
Balas & Ho (1980).
"""

from decimal import Decimal

OPTIMA: dict[tuple[str, str], Decimal] = {
    (family, name): Decimal(optimum)
    for family, values in {
        "ufl": {"cap71": "932615.75", "cap72": "977799.4", "cap73": "1010641.45", "cap74": "1034976.975"},
        "cflp": {
            "cap41": "1040444.375",
            "cap42": "1098000.45",
            "cap43": "1153000.45",
            "cap44": "1235500.45",
        },
        "gap": {
            "a05100": "1698",
            "a05200": "3235",
            "a10100": "1360",
            "a10200": "2623",
            "a20100": "1158",
            "a20200": "2339",
            "b05100": "1843",
            "b05200": "3552",
            "b10100": "1407",
            "b10200": "2827",
            "b20100": "1166",
            "b20200": "2339",
        },
        "assignment": {"assign100": "305", "assign200": "475", "assign300": "626"},
        "scp": {"scp41": "429", "scp42": "512", "scp43": "516", "scp44": "494", "scp45": "512"},
    }.items()
    for name, optimum in values.items()
}
