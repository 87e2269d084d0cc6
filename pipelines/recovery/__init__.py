"""What the city would look like without the epidemic, and one index out of several sources."""

from pipelines.recovery.footfall import recovery_days
from pipelines.recovery.fused import fuse

__all__ = ["fuse", "recovery_days"]
