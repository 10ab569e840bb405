"""Messages of protocol 1 become messages of protocol 2 as they come in, so that nothing behind has to know."""

from __future__ import annotations

from collections.abc import Collection

from ..broker.interface import Delivery
from ..codec import decode_body, decompress, encode_json
from ..errors import DecodeError, EncodeError
from ..protocol_1 import call_of


def renew(delivery: Delivery, accept: Collection[str], limit: int) -> bool:
    """Rewrite a message whose headers name no task, if its body does. What a broker has to know of it (``tag``) stays.

    Args:
        delivery: as it came; changed in place.
        accept: serializers that may be read; the new body has the serializer of the old one.
        limit: bytes that a body may have.

    Returns:
        whether it is a call now.
    """
    if delivery.headers.get("task") is not None or delivery.headers.get("id") is not None:
        return False
    try:
        data = decompress(delivery.body, delivery.headers, limit)
        call = call_of(decode_body(data, delivery.content_type, delivery.content_encoding, accept))
        if call is None:
            return False
        content_type, encoding, body = _encoded(call.body, delivery)
    except (DecodeError, EncodeError):
        return False
    others = {key: value for key, value in delivery.headers.items() if key != "compression"}
    delivery.headers = {**others, **call.headers}
    delivery.body, delivery.content_type, delivery.content_encoding = body, content_type, encoding
    return True


def _encoded(body: object, delivery: Delivery) -> tuple[str, str, bytes | str]:
    if delivery.content_type == "application/json":
        return "application/json", "utf-8", encode_json(body)
    from kombu import serialization

    from ..codec import encode_value

    names = serialization.registry.type_to_name
    return encode_value(body, names[delivery.content_type])
