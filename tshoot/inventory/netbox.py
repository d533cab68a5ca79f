"""A NetBox export of devices or virtual machines: the JSON of its REST list (`/api/dcim/devices/`), or the CSV of its device list.

Sources: netbox-community/netbox, dcim/api/serializers and dcim/tables/devices.py (whose column titles are the CSV's). Roles, sites and the
status become the groups `role:…`, `site:…`, `status:…`; tags are groups by themselves. A device without a primary address is left out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tshoot.errors import InventoryError
from tshoot.inventory.entries import MOST_TARGETS, Contents, Entry, Remarks
from tshoot.inventory.names import as_group, checked_host, checked_name, shown
from tshoot.inventory.platform_words import platform_of

_HINT = "export it anew: /api/dcim/devices/?limit=0 for JSON, or Export of the device list for CSV"
_ADDRESSES = ("primary_ip", "primary_ip4", "primary_ip6")
_COLUMNS = {  # as titles of columns, as fields of older exports
    "name": ("name",),
    "primary_ip": ("ip address", "primary ip", "primary_ip"),
    "primary_ip4": ("ipv4 address", "primary ipv4", "primary_ip4"),
    "primary_ip6": ("ipv6 address", "primary ipv6", "primary_ip6"),
    "platform": ("platform",),
    "role": ("role", "device role", "device_role"),
    "site": ("site",),
    "status": ("status",),
    "tags": ("tags",),
}


def read_netbox(text: str, origin: str) -> Contents:
    """The devices of the export; InventoryError where it is none. What cannot be used is left out, which is remarked."""
    remarks = Remarks(origin)
    devices = _json_devices(text, origin, remarks) if text.lstrip()[:1] in ("{", "[") else _csv_devices(text, origin)
    found, addressless = [], 0
    for number, (where, device) in enumerate(devices, start=1):
        if number > MOST_TARGETS:
            raise InventoryError(f"{origin}: names more than {MOST_TARGETS:,} devices", "export fewer, for example by site")
        if not _address(device):
            addressless += 1
            continue
        try:
            found.append(_entry(device, where))
        except ValueError as error:
            remarks.add(where, f"left out: {error}")
    left = (f"{origin}: {addressless:,} devices without a primary address are left out",) if addressless else ()
    return Contents(tuple(found), (*left, *remarks.told()))


def _json_devices(text: str, origin: str, remarks: Remarks) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InventoryError(f"{origin}: is no JSON: {str(error)[:200]}", _HINT) from error
    devices = document.get("results") if isinstance(document, dict) else document
    if not isinstance(devices, list) or not all(isinstance(device, dict) for device in devices[:1]):
        raise InventoryError(f"{origin}: holds no list of devices (`results`)", _HINT)
    if isinstance(document, dict) and document.get("next"):
        remarks.add(origin, f"these are {len(devices):,} of {shown(document.get('count', '?'))[1:-1]} devices: the list goes on; ask with ?limit=0")
    for number, device in enumerate(devices, start=1):
        yield f"{origin}: device {number}", device if isinstance(device, dict) else {}


def _csv_devices(text: str, origin: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    head = text[:4096].split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        titles = [title.strip().lower() for title in next(rows, [])]
        places = {field: titles.index(title) for field, known in _COLUMNS.items() for title in reversed(known) if title in titles}
        if "name" not in places or not places.keys() & set(_ADDRESSES):
            raise InventoryError(f"{origin}:1:1: no CSV of devices: it needs the columns Name and IP Address (or IPv4 Address, IPv6 Address)", _HINT)
        for row in rows:
            if row:
                yield f"{origin}:{rows.line_num}", {field: row[place] for field, place in places.items() if place < len(row)}
    except csv.Error as error:
        raise InventoryError(f"{origin}:{rows.line_num}:1: {error}", _HINT) from error


def _address(device: Mapping[str, Any]) -> str:
    """The primary address without its prefix length, "" where there is none."""
    for field in _ADDRESSES:
        value = device.get(field)
        text = value.get("address") if isinstance(value, dict) else value
        if isinstance(text, str) and text.strip():
            return text.split("(")[0].strip().split("/")[0]  # the CSV may name its NAT peer in brackets
    return ""


def _entry(device: Mapping[str, Any], where: str) -> Entry:
    name, word = device.get("name"), _word(device, "platform")
    if not name:
        raise ValueError("the device has no name")
    groups = [as_group(word_, kind) for kind in ("role", "site", "status") if (word_ := _word(device, kind))]
    tags = device.get("tags")
    labels = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else ()
    groups += [as_group(label) for tag in labels if (label := _slug(tag)).strip()]
    told = f"platform {shown(word)[1:-1]}" if word else ""
    return Entry(checked_name(name), where, checked_host(_address(device)), None, None, platform_of(word), told, groups=tuple(dict.fromkeys(groups)))


def _word(device: Mapping[str, Any], field: str) -> str:
    """The slug (or value, or name) of a field; the role of older exports is `device_role`."""
    return _slug(device.get(field) or (device.get("device_role") if field == "role" else None))


def _slug(value: Any) -> str:
    if isinstance(value, dict):
        found = next((value[key] for key in ("slug", "value", "name", "display") if isinstance(value.get(key), str)), "")
        return str(found)
    return value if isinstance(value, str) else ""
