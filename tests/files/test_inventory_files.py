"""Lists of virtual machines in every form, read into the same inventory; and what is refused."""

import random
import struct
import zipfile
from pathlib import Path

import pytest
from workbooks import parts, workbook

from sim.core.question import BadInput
from sim.files import read
from sim.files.inventory import workbook_parts as looked_at
from sim.files.inventory.reading import read_inventory
from sim.studies.migrate.inventory import Inventory
from sim.units import GiB, MiB
from sim.workload import Application

VINFO = (
    ("VM", "Powerstate", "Template", "SRM Placeholder", "CPUs", "Memory", "In use MiB",
     "Total disk capacity MiB", "Cluster", "Host", "OS according to the configuration file",
     "OS according to the VMware Tools", "VM ID", "VM UUID", "Annotation"),
    ("web", "poweredOn", "False", "False", 4, 16384, 2048, 40960, "c1", "esx1",
     "Ubuntu Linux (64-bit)", "", "vm-1", "u1", "x"),
    ("db", "poweredOn", "False", "False", 2, 8192, 2048, 40960, "c1", "esx2",
     "Ubuntu Linux (64-bit)", "Debian GNU/Linux 11 (64-bit)", "vm-2", "u2", ""),
    ("ghost", "poweredOn", "False", "False", None, None, 0, 0, "c1", "esx2", "", "", "vm-3", "u3",
     ""),
    ("gold", "poweredOff", "True", "False", 2, 4096, 0, 0, "c1", "esx1", "", "", "vm-4", "u4", ""),
    ("standby", "poweredOff", "False", "True", 2, 4096, 0, 0, "c1", "esx1", "", "", "vm-5", "u5",
     ""),
    *((f"old{n}", "poweredOff", "False", "False", 2, 4096, 0, 0, "c1", "esx1", "", "", f"vm-{n}",
       f"o{n}", "") for n in range(10, 14)),
)  # fmt: skip
VCPU = (
    ("VM", "Powerstate", "CPUs", "Sockets", "Cores p/s", "Max", "Overall", "VM UUID"),
    ("web", "poweredOn", 4, 2, 2, 10400, 1040, "u1"),
    ("db", "poweredOn", 2, 2, 1, 5200, 2600, "u2"),
)
VMEMORY = (
    ("VM", "Size MiB", "Consumed", "Active", "Ballooned", "VM UUID"),
    ("web", 16384, 15000, 2048, 0, "u1"),
    ("db", 8192, 8000, 6144, 0, "u2"),
)
VHOST = (
    ("Host", "Speed", "# CPU", "# Cores", "CPU usage %", "# Memory", "Memory usage %", "# VMs"),
    ("esx1", 2600, 2, 32, 12, 262144, 40, 6),
    ("esx2", 2600, 2, 32, 12, 262144, 140, 3),
)
RVTOOLS = {"vInfo": VINFO, "vCPU": VCPU, "vMemory": VMEMORY, "vHost": VHOST}

TABLES = {
    "discovery.csv": "ExternalId,HostName,CPU.NumberOfProcessors,CPU.NumberOfCores,"
    "CPU.NumberOfLogicalCores,OS.Name,OS.Version,RAM.TotalSizeInMB,RAM.UsedSizeInMB.Max,"
    "CPU.UsagePct.Avg,CPU.UsagePct.Max,Applications,Tags\n"
    '1,web,1,2,4,Ubuntu,22.04,16384,4096,10,110,"shop, blog","team:a, tier:web"\n',
    "azure.csv": "*Server name,IP addresses,*Cores,*Memory (In MB),*OS name,"
    "CPU utilization percentage,Memory utilization percentage\nweb,10.0.0.1,4,16384,Ubuntu,10,25\n",
    "vmInfo.csv": "MachineId,MachineName,PrimaryIPAddress(optional),AllocatedProcessorCoreCount,"
    "MemoryGiB,OsName,IsPhysical\nm1,web,10.0.0.1,4,16,Ubuntu,0\n",
    "prism.csv": "VM Name,Cores,Memory Capacity,Storage,Power State,CPU Usage,Categories\n"
    "web,4,16 GiB,61.2 GiB / 127 GiB,On,10%,team:a\n",
    "own.csv": "name;vcpu;memory_gib;cpu_p95;memory_peak\nweb;4;16;0,4;25%\n",
}


def write(folder: Path, name: str, text: str | bytes) -> Path:
    """A file with that in it."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_rvtools_counts_what_is_left_out_and_names_what_has_no_cpus(tmp_path: Path) -> None:
    """Nine machines, three on; of those one has neither CPUs nor memory."""
    found = read_inventory(write(tmp_path, "export.xlsx", workbook(RVTOOLS)))

    assert {guest.name for guest in found.guests} == {"web", "db"}
    assert found.left_out == {
        "powered off": 4,
        "on, but without CPUs or memory": 1,
        "template": 1,
        "SRM placeholder": 1,
    }
    assert any("ghost" in note for note in found.notes)
    assert len(found.hosts) == 2
    assert "Annotation" in found.ignored


def test_rvtools_joins_its_sheets(tmp_path: Path) -> None:
    """Use at one instant: MHz of those that the vCPUs make, and the memory that is active."""
    found = read_inventory(write(tmp_path, "export.xlsx", workbook(RVTOOLS)))
    web = next(guest for guest in found.guests if guest.name == "web")

    assert (web.vcpu, web.memory, web.disk) == (4.0, 16 * GiB, 40 * GiB)
    assert web.cpu_use.instant == pytest.approx(0.4)
    assert web.memory_use.instant == 2 * GiB
    assert web.ghz == pytest.approx(2.6)
    assert web.groups == {"cluster": "c1"}


def test_rvtools_says_the_same_in_csv_and_with_the_titles_of_its_database(tmp_path: Path) -> None:
    """`vInfoCPUs` is `CPUs`; csv files in a folder are the sheets of the workbook."""
    raw = {"VM": "vInfoVMName", "CPUs": "vInfoCPUs", "Memory": "vInfoMemory",
           "Powerstate": "vInfoPowerstate", "Template": "vInfoTemplate", "VM UUID": "vInfoUUID",
           "SRM Placeholder": "vInfoSRMPlaceHolder", "Cluster": "vInfoCluster",
           "Host": "vInfoHost", "VM ID": "vInfoVMID",
           "Total disk capacity MiB": "vInfoTotalDiskCapacityMiB",
           "OS according to the configuration file": "vInfoOS",
           "OS according to the VMware Tools": "vInfoOSTools"}  # fmt: skip
    for name, rows in RVTOOLS.items():
        lines = [",".join("" if c is None else str(c) for c in row) for row in rows]
        if name == "vInfo":
            lines[0] = ",".join(raw.get(title, title) for title in rows[0])
        write(tmp_path, f"RVTools_tab{name}.csv", "\n".join(lines))
    by_csv = read_inventory(tmp_path)

    by_book = read_inventory(write(tmp_path.parent, f"{tmp_path.name}.xlsx", workbook(RVTOOLS)))

    assert by_csv.guests == by_book.guests
    assert by_csv.left_out == by_book.left_out


@pytest.mark.parametrize("name", TABLES)
def test_every_form_tells_of_the_same_machine(tmp_path: Path, name: str) -> None:
    """4 vCPU and 16 GiB, in whichever unit and under whichever title."""
    found = read(write(tmp_path, name, TABLES[name]))
    assert isinstance(found, Inventory)
    (guest,) = found.guests

    assert (guest.name, guest.vcpu, guest.memory) == ("web", 4.0, 16 * GiB)


def test_the_cpu_column_that_was_taken_is_said(tmp_path: Path) -> None:
    """Of three counts of Application Discovery the logical cores are the vCPUs."""
    found = read_inventory(write(tmp_path, "ads.csv", TABLES["discovery.csv"]))
    (guest,) = found.guests

    assert any("'CPU.NumberOfLogicalCores', not CPU.NumberOfCores" in note for note in found.notes)
    assert guest.cpu_use.peak == 4.0 and any("above 100" in note for note in found.notes)
    assert guest.cpu_mean == pytest.approx(0.4)
    assert guest.groups["application"] == "shop" and guest.groups["tag:tier"] == "web"
    assert guest.memory_use.peak == 4096 * MiB


def test_readings_over_time_become_quantiles(tmp_path: Path) -> None:
    """A file of Bitbrains is a machine; its times are seconds whatever their title says."""
    head = (
        "Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\t"
        "CPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\t"
        "Disk read throughput [KB/s]"
    )
    rows = [
        f"{1376314846 + 300 * n};\t4;\t10400;\t{1040 if n < 90 else 5200};\t10;\t"
        f"{16 * 2**20};\t{2**20 * (1 + (n == 50))};\t0"
        for n in range(100)
    ]
    write(tmp_path, "17.csv", "\n".join([head, *rows]))
    (guest,) = read_inventory(tmp_path).guests

    assert (guest.name, guest.vcpu, guest.memory) == ("17", 4.0, 16 * GiB)
    assert guest.cpu_use.p50 == pytest.approx(0.4)
    assert guest.cpu_use.p95 == pytest.approx(2.0)
    assert guest.memory_use.peak == 2 * GiB
    assert guest.cpu_use.series is not None and guest.cpu_use.series.span == 99 * 300.0


def test_readings_of_migration_center_stand_in_a_table_of_their_own(tmp_path: Path) -> None:
    """`perfInfo` tells of the machines that `vmInfo` lists; on its own it lists none."""
    rows = [f"m1,2026-11-01 00:{n:02d}:00,{n},50" for n in range(60)]
    head = "MachineId,TimeStamp,CpuUtilizationPercentage,MemoryUtilizationPercentage"
    performance = write(tmp_path, "perfInfo.csv", "\n".join([head, *rows]))
    with pytest.raises(BadInput, match="read beside the list of machines"):
        read_inventory(performance)
    write(tmp_path, "vmInfo.csv", TABLES["vmInfo.csv"])
    (guest,) = read_inventory(tmp_path).guests

    assert guest.cpu_use.peak == pytest.approx(0.59 * 4)
    assert guest.memory_mean == pytest.approx(8 * GiB)


def test_the_table_of_azure_has_no_header_and_classes_for_sizes(tmp_path: Path) -> None:
    """The highest class is told to be taken as the next size."""
    rows = ["a" * 40 + ",s,d,0,2591700,99.5,3.4,20,Delay-insensitive,4,32",
            "b" * 40 + ",s,d,0,2591700,99.5,3.4,20,Interactive,>24,>64"]  # fmt: skip
    found = read_inventory(write(tmp_path, "vmtable.csv", "\n".join(rows)))

    assert [(g.vcpu, g.memory) for g in found.guests] == [(4.0, 32 * GiB), (32.0, 112 * GiB)]
    assert found.guests[0].cpu_use.p95 == pytest.approx(0.8)
    assert found.guests[0].memory_used is None
    assert any(">24" in note for note in found.notes)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Each with its row, its column, its value and what is allowed."""
    path = write(
        tmp_path,
        "own.csv",
        'name,vcpu,memory,cpu_p95\na,two,4GiB,1\nb,2,4096,1\nc,2,4GiB,35\nd,"1,5",4GiB,1\n'
        "d,2,4GiB,1\n",
    )

    with pytest.raises(BadInput) as error:
        read_inventory(path)

    lines = str(error.value).splitlines()
    assert len(lines) == 5
    assert "own.csv:2: vcpu: 'two' is not allowed; a number" in lines[0]
    assert "16GiB, or a column memory_mib" in lines[1]
    assert "35%" in lines[2]
    assert "a decimal point, not a comma" in lines[3]
    assert "'d' is in row 5, too" in lines[4]


def test_a_uuid_tells_machines_of_one_name_apart(tmp_path: Path) -> None:
    """Another UUID is another machine; the same one is the same machine, counted once."""
    path = write(
        tmp_path, "own.csv", "name,uuid,vcpu,memory_gib\nweb,1,2,4\nweb,2,4,8\nweb,2,4,8\n"
    )
    found = read_inventory(path)

    assert [(g.name, g.vcpu) for g in found.guests] == [("web", 2.0), ("web (2)", 4.0)]
    assert found.left_out == {"listed twice": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,vcpu,memory_gib,power\na,2,4,off\n", "no machine in it can move: 1 powered off"),
        ("name,vcpu,memory_gib\na,2,0\n", "1 on, but without CPUs or memory"),
        ("a,b,c\n1,2,3\n", "a sheet vInfo of RVTools is needed"),
        ("", "it is empty"),
        ('{"vms": []}', "it is JSON"),
    ],
)
def test_nothing_that_can_move_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """What there is instead is counted."""
    with pytest.raises(BadInput, match=told):
        read_inventory(write(tmp_path, "own.csv", text))


def test_thousands_have_signs_between_them_where_nothing_else_is_meant(tmp_path: Path) -> None:
    """`16,384` is no decimal number among cells with commas; where a comma may be one, it is
    refused."""
    good = write(tmp_path, "a.csv", 'name,vcpu,memory_mib\na,2,"16,384"\n')
    bad = write(tmp_path, "b.csv", "name;vcpu;memory_mib\na;2;16,384\n")

    assert read_inventory(good).guests[0].memory == 16 * GiB
    with pytest.raises(BadInput, match="without a sign between its thousands"):
        read_inventory(bad)


def bomb(sheet: str, **more: str) -> bytes:
    """A workbook with one sheet of that text."""
    files = parts({"vInfo": VINFO}) | {"xl/worksheets/s1.xml": sheet} | more
    path = __import__("io").BytesIO()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in files.items():
            book.writestr(name, text)
    return path.getvalue()


def test_a_workbook_is_looked_at_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that grows, that says it does not, that reaches far, or whose texts are endless."""
    monkeypatch.setattr(looked_at, "LARGEST_UNPACKED", 1_000_000)
    grows = bomb("<x>" + " " * 2_000_000 + "</x>")
    lies = bytearray(grows)
    at = grows.index(b"PK\x01\x02")
    while at >= 0:  # sizes in the directory
        lies[at + 24 : at + 28] = struct.pack("<I", 10)
        at = grows.find(b"PK\x01\x02", at + 4)
    far = bomb('<worksheet><row><c r="A1"/><c r="XFD1048576"/></row></worksheet>')
    low = bomb('<worksheet><row><c r="a1"/><c r="xfd1048576"/></row></worksheet>')
    below = bomb('<worksheet><row r="1"><c/></row><row r="1000000000"><c/></row></worksheet>')
    wide = bomb(f'<worksheet><row>{"<c/>" * 9000}</row><row r="9000"><c/></row></worksheet>')
    one = '<row><c t="s"><v>0</v></c></row>'
    copies = bomb(
        f"<worksheet>{one * 3000}</worksheet>",
        **{"xl/sharedStrings.xml": f"<sst><si>{'x' * 30_000}</si></sst>"},
    )
    other = bomb("<x/>", **{"content.xml": "<x/>"})
    rels = parts({"vInfo": VINFO})["xl/_rels/workbook.xml.rels"].replace("s1.xml", "s1.dat")
    hidden = bomb("<x/>", **{"xl/_rels/workbook.xml.rels": rels, "xl/worksheets/s1.dat": "<x/>"})
    endless = bomb("<x/>", **{"xl/sharedStrings.xml": "<sst><si>" + "x" * 200_000 + "</si></sst>"})

    for data, told in (
        (grows, "unpacks to more than"),
        (bytes(lies), "unpacks to more than"),
        (far, "reaches over"),
        (low, "reaches over"),
        (below, "reaches over 1,000,000,000 cells"),
        (wide, "reaches over"),
        (copies, "texts are longer"),
        (other, "save it as .xlsx"),
        (hidden, "a sheet is no .xml"),
        (endless, "texts are longer"),
        (b"PK\x03\x04" + bytes(200), "not a workbook"),
    ):
        with pytest.raises(BadInput, match=told):
            read_inventory(write(tmp_path, "x.xlsx", data))


def test_a_cut_or_changed_workbook_ends_in_a_message(tmp_path: Path) -> None:
    """No traceback, whatever bytes it has."""
    good, draw = workbook(RVTOOLS), random.Random(1)
    refused = 0
    for _ in range(150):
        data = bytearray(good)
        for _ in range(draw.choice((1, 3))):
            data[draw.randrange(len(data))] = draw.randrange(256)
        made = bytes(data[: draw.choice((len(data), draw.randrange(len(data))))])
        try:
            assert read_inventory(write(tmp_path, "x.xlsx", made)).guests
        except BadInput as error:
            refused += 1
            assert "x.xlsx" in str(error)
    assert refused > 50


def test_an_inventory_becomes_an_application(tmp_path: Path) -> None:
    """A part each for what can be a container; the others are named."""
    text = "name,vcpu,memory_gib,os\nweb,2,4,Ubuntu\nad,2,8,Microsoft Windows Server 2022\n"
    found = read_inventory(write(tmp_path, "own.csv", text))
    app = found.application()

    assert isinstance(app, Application)
    assert [part.name for part in app.parts] == ["web"]
    assert any("ad" in note for note in app.notes)


def test_a_workbook_without_a_row_is_told_so(tmp_path: Path) -> None:
    """By its name, and not by an empty message."""
    (tmp_path / "i.xlsx").write_bytes(workbook({"vInfo": [], "vCPU": []}))

    with pytest.raises(BadInput, match=r"i\.xlsx: its sheets are empty"):
        read_inventory(tmp_path / "i.xlsx")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,vcpu,memory_gib\n" + "," * 3_000_001, "more than 3,000,000 cells"),
        ("name,vcpu,memory_gib\n" + "a\n" * 200_001, "more than 200,000 rows"),
        ("name,vcpu,memory_gib" + ",x" * 16_400, "16,403 columns; at most 16,384"),
    ],
)
def test_a_table_that_would_fill_a_memory_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """Of rows, of columns, and of both together."""
    with pytest.raises(BadInput, match=told):
        read_inventory(write(tmp_path, "x.csv", text))
