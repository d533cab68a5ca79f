"""How tshark is to decode, whoever asks: the preferences that `analyze`, the packets screen and their proofs share."""

from __future__ import annotations

PREFERENCES = {
    "tcp.try_heuristic_first": "TRUE",  # an RPC client's reserved port may belong to another protocol (647)
    "udp.try_heuristic_first": "TRUE",
    "tcp.desegment_tcp_streams": "TRUE",
    "tcp.no_subdissector_on_error": "FALSE",  # a retransmitted request is decoded too
    "tcp.analyze_sequence_numbers": "TRUE",
    "tcp.relative_sequence_numbers": "TRUE",
    "rpc.desegment_rpc_over_tcp": "TRUE",
    "rpc.defragment_rpc_over_tcp": "TRUE",
    "ip.defragment": "TRUE",
    "ipv6.defragment": "TRUE",
}
