"""Addresses: which one a text is, and whom it stands for where something is counted by address."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address


def address_of(text: str) -> Address | None:
    """An IPv4 address stays one within an IPv6 socket. None: it is no address; a socket in the file system has none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def network_of(text: str) -> str:
    """What one subscriber has: an IPv4 address, or the 64 bits of an IPv6 one that others chose for them."""
    address = address_of(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address) if address else text
