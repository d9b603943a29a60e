"""Named units: every quantity inside is a float of its base unit (second, byte, vCPU).

Write `512 * MiB` or `200 * ms`; a rate is bytes a second, so `10 * Gbit_per_s` is 1.25e9.
"""

seconds = 1.0
ms = 1e-3
minutes = 60.0
hours = 3600.0

B = 1.0
KB, MB, GB, TB = 1e3, 1e6, 1e9, 1e12
KiB, MiB, GiB, TiB = 2.0**10, 2.0**20, 2.0**30, 2.0**40

vcpu = 1.0

MB_per_s = 1e6
MiB_per_s = 2.0**20
Mbit_per_s = 125e3
Gbit_per_s = 125e6

usd = 1.0
