"""The maps of addresses and words: one to one, with their prefixes and families kept, and back again with the key alone."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tshoot.redaction.addresses import AddressMap
from tshoot.redaction.letters import LetterPermutation

KEY = bytes(range(32))
MAP, BACK = AddressMap(KEY), AddressMap(KEY, back=True)
WORDS, WORDS_BACK = LetterPermutation(KEY), LetterPermutation(KEY, back=True)
FAMILIES4 = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]
FAMILIES6 = ["2001:db8::/32", "fc00::/8", "fd00::/8", "fe80::/10", "ff00::/8", "2000::/3", "3fff::/20"]


def shared(one: bytes, two: bytes) -> int:
    width = len(one) * 8
    return width - (int.from_bytes(one, "big") ^ int.from_bytes(two, "big")).bit_length()


def ip4(text: str) -> str:
    return str(ipaddress.ip_address(MAP.ip4(ipaddress.ip_address(text).packed)))


def ip6(text: str) -> str:
    return str(ipaddress.ip_address(MAP.ip6(ipaddress.ip_address(text).packed)))


def mac(text: str) -> str:
    return MAP.mac(bytes.fromhex(text.replace(":", ""))).hex(":")


@given(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4))
def test_ipv4_prefixes_stay_exactly(one: bytes, two: bytes) -> None:
    assert shared(MAP.ip4(one), MAP.ip4(two)) == shared(one, two)
    assert BACK.ip4(MAP.ip4(one)) == one
    for family in map(ipaddress.ip_network, FAMILIES4):
        assert (ipaddress.ip_address(one) in family) == (ipaddress.ip_address(MAP.ip4(one)) in family)


@given(st.binary(min_size=16, max_size=16), st.integers(0, 128))
def test_ipv6_prefixes_stay(one: bytes, length: int) -> None:
    other = (int.from_bytes(one, "big") ^ (1 << 127 >> length if length < 128 else 0)).to_bytes(16, "big")
    if b"\xff\xfe" in (one[11:13], other[11:13]):
        return
    assert shared(MAP.ip6(one), MAP.ip6(other)) >= min(length, 104) or length > 104
    if not ipaddress.IPv6Address(one).is_multicast:
        assert BACK.ip6(MAP.ip6(one)) == one
    for family in map(ipaddress.ip_network, FAMILIES6):
        assert (ipaddress.ip_address(one) in family) == (ipaddress.ip_address(MAP.ip6(one)) in family)


@given(st.sampled_from(FAMILIES6), st.binary(min_size=16, max_size=16))
def test_an_ipv6_family_stays(family: str, rest: bytes) -> None:
    network = ipaddress.IPv6Network(family)
    address = ipaddress.IPv6Address(int(network.network_address) | int.from_bytes(rest, "big") & int(network.hostmask))
    assert ipaddress.IPv6Address(MAP.ip6(address.packed)) in network


@given(st.binary(min_size=6, max_size=6))
def test_a_mac_keeps_its_bits_and_comes_back(address: bytes) -> None:
    mapped = MAP.mac(address)
    assert mapped[0] & 3 == address[0] & 3
    assert BACK.mac(mapped) == address


@given(st.binary(min_size=6, max_size=6))
def test_eui64_solicited_node_and_its_mac_fit(address: bytes) -> None:
    address = bytes([address[0] & 0xFC]) + address[1:]
    mapped = MAP.mac(address)
    identifier = bytes([mapped[0] ^ 2]) + mapped[1:3] + b"\xff\xfe" + mapped[3:]
    plain = bytes([address[0] ^ 2]) + address[1:3] + b"\xff\xfe" + address[3:]
    for network in ("fe80000000000000", "20010db800010002"):
        assert MAP.ip6(bytes.fromhex(network) + plain)[8:] == identifier
    assert MAP.ip6(bytes.fromhex("ff0200000000000000000001ff") + address[3:])[13:] == mapped[3:]
    assert MAP.mac(b"\x33\x33\xff" + address[3:])[3:] == mapped[3:]


@pytest.mark.parametrize(
    "text", ["0.0.0.0", "127.0.0.1", "127.1.2.3", "255.255.255.255", "255.255.255.0", "255.255.252.0", "0.0.0.255", "224.0.0.5", "239.1.1.1"]
)
def test_these_ipv4_addresses_stay(text: str) -> None:
    assert ip4(text) == text


@pytest.mark.parametrize("text", ["::", "::1", "ff02::1", "ff02::2", "ff02::5", "ff02::1:2", "ff05::1:3"])
def test_these_ipv6_addresses_stay(text: str) -> None:
    assert ip6(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "ff:ff:ff:ff:ff:ff",
        "00:00:5e:00:01:0a",
        "00:00:5e:00:02:0a",
        "00:00:0c:07:ac:01",
        "00:00:0c:9f:f0:01",
        "00:05:73:a0:00:01",
        "00:07:b4:00:01:02",
        "01:80:c2:00:00:00",
        "01:00:0c:cc:cc:cc",
        "01:00:5e:00:00:05",
        "33:33:00:00:00:01",
        "00:00:00:00:00:00",
    ],
)
def test_these_macs_stay(text: str) -> None:
    assert mac(text) == text


def test_no_address_of_a_small_range_stays() -> None:
    for number in range(256):
        assert ip4(f"192.0.2.{number}") != f"192.0.2.{number}"
        assert BACK.ip4(MAP.ip4(bytes([192, 0, 2, number]))) == bytes([192, 0, 2, number])


def test_others_change() -> None:
    assert ip4("192.168.17.23") != "192.168.17.23"
    assert ip6("2001:db8:17::23") != "2001:db8:17::23"
    assert mac("00:50:56:6a:1b:2c")[:8] != "00:50:56"
    assert ip6("::ffff:192.168.17.23") == str(ipaddress.ip_address(f"::ffff:{ip4('192.168.17.23')}"))
    assert ip6("2001:db8:17::").endswith("::")


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=300))
def test_words_keep_length_and_case_and_come_back(word: str) -> None:
    mapped = WORDS.forced(word)
    assert len(mapped) == len(word)
    assert [letter.isupper() for letter in mapped] == [letter.isupper() for letter in word]
    assert WORDS_BACK.forced(mapped) == word
    assert WORDS.forced(word.lower()) == mapped.lower()


@given(st.text("0123456789abcdef", min_size=1, max_size=80))
def test_hex_comes_back(digits: str) -> None:
    assert WORDS_BACK.hex(WORDS.hex(digits)) == digits


@given(st.text("abc", min_size=2, max_size=4))
def test_a_word_never_becomes_one_that_is_taken(word: str) -> None:
    def taken(text: str) -> bool:
        return text[0] in "aeiou"

    if taken(word):
        return
    mapped = WORDS.word(word, taken)
    assert not taken(mapped)
    assert WORDS_BACK.word(mapped, taken) == word


def test_another_key_is_another_map() -> None:
    other = AddressMap(bytes(32))
    assert other.ip4(bytes([10, 1, 2, 3])) != MAP.ip4(bytes([10, 1, 2, 3]))
    assert LetterPermutation(bytes(32)).forced("storage") != WORDS.forced("storage")
