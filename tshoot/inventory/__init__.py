"""Which targets there are: names with their addresses, groups and platforms, from the operator's own files.

`known` reads the sources (docs/inventory.md) into one `Inventory`. Each source is read by one module: `own` (targets.yaml),
`ansible`, `containerlab`, `netbox`; names of the ssh_config come from `transports.ssh_config`. Nothing of a source is
executed, no secret of it is taken, and every text of it is hostile until `names` has looked at it.
"""

from tshoot.inventory.inventory import Inventory, KnownTarget
from tshoot.inventory.sources import known

__all__ = ["Inventory", "KnownTarget", "known"]
