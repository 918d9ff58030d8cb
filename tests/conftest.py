"""What all tests share: how hypothesis searches."""

import os

from hypothesis import settings

# No deadline: two cores that others share make any time limit a coin toss. print_blob: a failure on another
# machine can be replayed here. The seed of a run is pytest-randomly's, printed at the head of the report.
settings.register_profile("everyday", deadline=None, print_blob=True)
settings.register_profile("campaign", deadline=None, print_blob=True, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))
