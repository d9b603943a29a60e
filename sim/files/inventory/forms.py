"""The forms in which inventories come: what each column of an export is, and in which unit.

Columns are compared by `sheet.key_of`; of several that say the same the first is taken.

Sources: RVTools, its exports with titles as people read them and as its database has them
(`vInfoVMName`; sbroenne/RvToolsMerge, docs); AWS Application Discovery Service, import template
(awsdocs/amazon-application-discovery-user-guide @a782bc8); Azure Migrate, import template; Google
Migration Center, import templates (`vmInfo`, `diskInfo`, `perfInfo`, `tagInfo`); Nutanix Prism,
export of the list of VMs; the Grid Workloads Archive, GWA-T-12 Bitbrains; Azure public dataset V2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from sim.files.inventory.sheet import Sheet
from sim.units import GiB, MiB

Kind: TypeAlias = Literal["text", "number", "bytes", "share", "flag"]
"""How a cell is read; `share` is a percentage."""


class Column(NamedTuple):
    """What a column says."""

    field: str
    kind: Kind = "text"
    scale: float = 1.0
    """Bytes or GHz of 1; 0: each cell says its unit."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form of table."""

    name: str
    columns: Mapping[str, Column]
    """By key; what is better to take stands first."""
    needs: tuple[str, ...]
    """Fields of which each has a column, else it is another form."""
    aside: frozenset[str] = field(default_factory=frozenset)
    """Keys of columns that are known and say nothing here."""

    def is_of(self, keys: frozenset[str]) -> bool:
        """Whether a table with those columns has this form."""
        found = {self.columns[key].field for key in keys if key in self.columns}
        return found.issuperset(self.needs)


def _mib(field_: str) -> Column:
    return Column(field_, "bytes", MiB)


def _gib(field_: str) -> Column:
    return Column(field_, "bytes", GiB)


def _number(field_: str, scale: float = 1.0) -> Column:
    return Column(field_, "number", scale)


def _share(field_: str) -> Column:
    return Column(field_, "share")


_RVTOOLS_VM = {
    "vmuuid": Column("id"),
    "vminstanceuuid": Column("id"),
    "uuid": Column("id"),
    "vmid": Column("id"),
    "vm": Column("name"),
    "vmname": Column("name"),
}
"""How every sheet of RVTools names a machine."""

_VINFO = {
    **_RVTOOLS_VM,
    "cpus": _number("vcpu"),
    "memory": _mib("memory"),
    "memorymib": _mib("memory"),
    "memorymb": _mib("memory"),
    "powerstate": Column("power"),
    "template": Column("template", "flag"),
    "srmplaceholder": Column("placeholder", "flag"),
    "activememory": _mib("memory_now"),
    "totaldiskcapacitymib": _mib("disk"),
    "totaldiskcapacitymb": _mib("disk"),
    "provisionedmib": _mib("disk"),
    "provisionedmb": _mib("disk"),
    "provisioned": _mib("disk"),
    "inusemib": _mib("disk_used"),
    "inusemb": _mib("disk_used"),
    "inuse": _mib("disk_used"),
    "osaccordingtothevmwaretools": Column("os"),
    "ostools": Column("os"),
    "osaccordingtotheconfigurationfile": Column("os"),
    "osconfig": Column("os"),
    "os": Column("os"),
    "host": Column("host"),
    "cluster": Column("cluster"),
    "datacenter": Column("datacenter"),
    "folder": Column("folder"),
    "resourcepool": Column("resource pool"),
}
_VCPU = {
    **_RVTOOLS_VM,
    "cpus": _number("vcpu"),
    "max": _number("mhz"),
    "maxcpuusage": _number("mhz"),
    "overall": _number("mhz_now"),
    "overallcpuusage": _number("mhz_now"),
    "sockets": _number("sockets"),
    "coresps": _number("cores"),
    "corespersocket": _number("cores"),
}
_VMEMORY = {
    **_RVTOOLS_VM,
    "sizemib": _mib("memory"),
    "sizemb": _mib("memory"),
    "size": _mib("memory"),
    "active": _mib("memory_now"),
    "consumed": _mib("consumed"),
}
_VHOST = {
    "host": Column("name"),
    "name": Column("name"),
    "speed": _number("ghz", 1e-3),
    "cpumhz": _number("ghz", 1e-3),
    "numbercores": _number("cores"),
    "numcpucores": _number("cores"),
    "numbermemory": _mib("memory"),
    "memorysize": _mib("memory"),
    "numbervms": _number("vms"),
    "vms": _number("vms"),
}


def _raw(prefix: str, columns: Mapping[str, Column]) -> dict[str, Column]:
    """The same with the titles that RVTools' database has: `vInfoCPUs`."""
    return {**columns, **{prefix + key: column for key, column in columns.items()}}


VINFO = Form("RVTools vInfo", _raw("vinfo", _VINFO), ("name", "vcpu", "memory", "power"))
VCPU = Form("RVTools vCPU", _raw("vcpu", _VCPU), ("name", "mhz", "mhz_now"))
VMEMORY = Form("RVTools vMemory", _raw("vmemory", _VMEMORY), ("name", "memory", "memory_now"))
VHOST = Form("RVTools vHost", _raw("vhost", _VHOST), ("name", "cores", "ghz"))

DISCOVERY = Form(
    "AWS Application Discovery",
    {
        "externalid": Column("id"),
        "hostname": Column("name"),
        "vmwarevmname": Column("name"),
        "cpunumberoflogicalcores": _number("vcpu"),
        "cpunumberofcores": _number("vcpu"),
        "cpunumberofprocessors": _number("vcpu"),
        "ramtotalsizeinmb": _mib("memory"),
        "ramusedsizeinmbavg": _mib("memory_mean"),
        "ramusedsizeinmbmax": _mib("memory_peak"),
        "cpuusagepctavg": _share("cpu_mean"),
        "cpuusagepctmax": _share("cpu_peak"),
        "osname": Column("os"),
        "osversion": Column("os_version"),
        "applications": Column("application"),
        "tags": Column("tags"),
        "vmwarevcenterid": Column("cluster"),
    },
    ("name", "vcpu", "memory", "os_version"),
)
AZURE_MIGRATE = Form(
    "Azure Migrate",
    {
        "servername": Column("name"),
        "cores": _number("vcpu"),
        "memoryinmb": _mib("memory"),
        "osname": Column("os"),
        "osversion": Column("os_version"),
        "cpuutilizationpercentage": _share("cpu_now"),
        "memoryutilizationpercentage": _share("memory_now"),
        "disk1sizeingb": _gib("disk"),
    },
    ("name", "vcpu", "memory"),
)
MIGRATION_CENTER = Form(
    "Migration Center vmInfo",
    {
        "machineid": Column("id"),
        "machinename": Column("name"),
        "allocatedprocessorcorecount": _number("vcpu"),
        "memorygib": _gib("memory"),
        "memorymib": _mib("memory"),
        "osname": Column("os"),
        "osversion": Column("os_version"),
        "totaldiskallocatedgib": _gib("disk"),
        "totaldiskusedgib": _gib("disk_used"),
        "machinestatus": Column("power"),
        "hostinglocation": Column("location"),
        "isphysical": Column("physical", "flag"),
    },
    ("id", "vcpu", "memory"),
)
PERFORMANCE = Form(
    "Migration Center perfInfo",
    {
        "machineid": Column("id"),
        "timestamp": Column("time"),
        "cpuutilizationpercentage": _share("cpu_now"),
        "memoryutilizationpercentage": _share("memory_now"),
        "availablememorybytes": Column("memory_free", "bytes", 1.0),
    },
    ("id", "time", "cpu_now"),
)
TAGS = Form(
    "Migration Center tagInfo",
    {"machineid": Column("id"), "key": Column("key"), "value": Column("value")},
    ("id", "key", "value"),
)
PRISM = Form(
    "Nutanix Prism",
    {
        "vmname": Column("name"),
        "uuid": Column("id"),
        "cores": _number("vcpu"),
        "vcpus": _number("vcpu"),
        "memorycapacity": _gib("memory"),
        "cpuusage": _share("cpu_now"),
        "cpuusage%": _share("cpu_now"),
        "memoryusage": _share("memory_now"),
        "memoryusage%": _share("memory_now"),
        "storage": Column("storage"),
        "powerstate": Column("power"),
        "host": Column("host"),
        "hostname": Column("host"),
        "cluster": Column("cluster"),
        "guestos": Column("os"),
        "os": Column("os"),
        "categories": Column("tags"),
    },
    ("name", "vcpu", "memory"),
)


def _measured(resource: str, kind: Kind) -> dict[str, Column]:
    """Columns of use in a table of one's own, in any of its units."""
    found: dict[str, Column] = {}
    for mark in ("mean", "p50", "p95", "p99_5", "peak", "now"):
        short = mark.replace("_", "")
        for title in {"mean": ("mean", "avg"), "peak": ("peak", "max")}.get(mark, (short,)):
            name = f"{resource}_{mark}"
            found[f"{resource}{title}"] = Column(name, kind, 0.0 if kind == "bytes" else 1.0)
            for percent in ("pct", "percent", "%"):
                found[f"{resource}{title}{percent}"] = _share(name)
            if kind == "bytes":
                found[f"{resource}{title}mib"] = found[f"{resource}{title}mb"] = _mib(name)
                found[f"{resource}{title}gib"] = found[f"{resource}{title}gb"] = _gib(name)
    return found


PLAIN = Form(
    "a table of your own",
    {
        "name": Column("name"),
        "vm": Column("name"),
        "vmname": Column("name"),
        "server": Column("name"),
        "servername": Column("name"),
        "hostname": Column("name"),
        "uuid": Column("id"),
        "id": Column("id"),
        "vcpu": _number("vcpu"),
        "vcpus": _number("vcpu"),
        "cpus": _number("vcpu"),
        "cpu": _number("vcpu"),
        "cores": _number("vcpu"),
        "memory": Column("memory", "bytes", 0.0),
        "memorymib": _mib("memory"),
        "memorymb": _mib("memory"),
        "memorygib": _gib("memory"),
        "memorygb": _gib("memory"),
        "ram": Column("memory", "bytes", 0.0),
        "rammb": _mib("memory"),
        "rammib": _mib("memory"),
        "ramgib": _gib("memory"),
        "memmb": _mib("memory"),
        "memmib": _mib("memory"),
        "memgb": _gib("memory"),
        "memgib": _gib("memory"),
        "ramgb": _gib("memory"),
        "disk": Column("disk", "bytes", 0.0),
        "diskgib": _gib("disk"),
        "diskgb": _gib("disk"),
        "os": Column("os"),
        "host": Column("host"),
        "cluster": Column("cluster"),
        "folder": Column("folder"),
        "application": Column("application"),
        "app": Column("application"),
        "group": Column("group"),
        "tags": Column("tags"),
        "power": Column("power"),
        "powerstate": Column("power"),
        "ghz": _number("ghz"),
        **_measured("cpu", "number"),
        **_measured("memory", "bytes"),
    },
    ("name", "vcpu", "memory"),
)
BITBRAINS = Form(
    "Bitbrains",
    {
        "timestampms": _number("time"),
        "cpucores": _number("vcpu"),
        "cpucapacityprovisionedmhz": _number("mhz"),
        "cpuusagemhz": _number("mhz_now"),
        "memorycapacityprovisionedkb": Column("memory", "bytes", 1024.0),
        "memoryusagekb": Column("memory_now", "bytes", 1024.0),
    },
    ("time", "vcpu", "mhz", "mhz_now", "memory", "memory_now"),
    frozenset(
        {
            "cpuusage%",
            "diskreadthroughputkbs",
            "diskwritethroughputkbs",
            "networkreceivedthroughputkbs",
            "networktransmittedthroughputkbs",
        }
    ),
)
AZURE_TRACE = Form(
    "Azure VM table",
    {
        "vmid": Column("name"),
        "vmcorecountbucket": Column("vcpu_bucket"),
        "vmmemorybucket": Column("memory_bucket"),
        "maxcpu": _share("cpu_peak"),
        "avgcpu": _share("cpu_mean"),
        "p95maxcpu": _share("cpu_p95"),
        "vmcategory": Column("category"),
        "deploymentid": Column("deployment"),
    },
    ("name", "vcpu_bucket", "memory_bucket"),
    frozenset({"subscriptionid", "timestampvmcreated", "timestampvmdeleted"}),
)

FORMS = (
    VINFO, VCPU, VMEMORY, VHOST, DISCOVERY, AZURE_MIGRATE, MIGRATION_CENTER, PERFORMANCE, TAGS,
    AZURE_TRACE, BITBRAINS, PRISM, PLAIN,
)  # fmt: skip
"""Those that need most come before those that need less of the same."""

AZURE_TRACE_HEADER = (
    "vm id", "subscription id", "deployment id", "timestamp vm created", "timestamp vm deleted",
    "max cpu", "avg cpu", "p95 max cpu", "vm category", "vm core count bucket", "vm memory bucket",
)  # fmt: skip
"""Of the table that Azure publishes, which has no header: README of AzurePublicDatasetV2."""


def form_of(sheet: Sheet) -> Form | None:
    """The form of a table; None where it is none that is known."""
    keys = frozenset(sheet.keys)
    return next((form for form in FORMS if form.is_of(keys)), None)
