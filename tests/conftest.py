"""What all tests share: how hypothesis searches, and where the test's PostgreSQL keeps its lock."""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# No deadline: two cores that others share make any time limit a coin toss. print_blob: a failure on another
# machine can be replayed here. The seed of a run is pytest-randomly's, printed at the head of the report.
# Nor is it a fault of a strategy that another process has the core while it draws.
patient = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("everyday", patient)
settings.register_profile("campaign", patient, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))

# The PostgreSQL wheel puts its lock where this variable says, else straight into /tmp, where another user's
# lock would stop us. It is read at import, so it is set here, before any test is collected.
_runtime = Path(tempfile.gettempdir()) / f"fulfillment-tests-{os.getuid()}"
_runtime.mkdir(mode=0o700, exist_ok=True)
(_runtime / "python_PostgresServer").mkdir(exist_ok=True)
os.environ["XDG_RUNTIME_DIR"] = str(_runtime)
