"""G3 and `*1`: what may be called, and that nothing else can be smuggled past by a spelling."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridge.config import Config, Operator, read
from bridge.config.calling import DialOut, Prefix
from bridge.config.settings import AccessNumber
from bridge.config.trunks import Trunk
from bridge.service.dialplan import Destination, DialPlan, Kind, Refused, Why, masked
from bridge.service.numbering import BRAZIL, EMERGENCY, PREMIUM
from tests.bridge.service.test_numbering import SPAIN, USA

PREFIXES = (
    Prefix("+55", Decimal("0.10")),
    Prefix("+5521", Decimal("0.20")),
    Prefix("+1", Decimal("0.50")),
    Prefix("+351", Decimal("0.80"), at_night=True),
    Prefix("+8", Decimal(1)),
    Prefix("+9", Decimal(1)),
)
OPEN = DialOut(
    enabled=True,
    prefixes=PREFIXES,
    sip_domains=("pbx.example", "10.0.0.5:5070", "[2001:db8::5]"),
)
CONFIG = Config(
    dial_out=OPEN,
    trunks=(Trunk(name="carrier", address="192.0.2.10"),),
    access_numbers=(AccessNumber("+551140028922"), AccessNumber("4000")),
    operators=(Operator("ana", "sip:ana@10.0.0.9"),),
)
PLAN = CONFIG.dial_plan()


def plan(**changes) -> DialPlan:
    return replace(CONFIG, dial_out=replace(OPEN, **changes)).dial_plan()


def destination(found: Destination | Refused) -> Destination:
    assert isinstance(found, Destination), found
    return found


def why(found: Destination | Refused) -> Why:
    assert isinstance(found, Refused), found
    return found.why


def test_by_default_nothing_may_be_called_at_all():
    assert why(Config().dial_plan().read("987654321")) is Why.CLOSED
    assert why(Config().dial_plan().address("+5511987654321")) is Why.CLOSED


def test_and_when_it_is_on_nothing_that_is_not_allowed():
    assert why(plan(prefixes=()).read("987654321")) is Why.NOT_ALLOWED
    assert why(replace(CONFIG, trunks=()).dial_plan().read("987654321")) is Why.NOT_ALLOWED
    local = replace(CONFIG, trunks=(Trunk(name="local", address="a", prefixes=("+5511",)),)).dial_plan()
    assert destination(local.read("987654321")).number == "+5511987654321"
    assert why(local.address("+12125550123")) is Why.NOT_ALLOWED
    assert why(plan(sip_domains=()).address("sip:bia@pbx.example")) is Why.NOT_ALLOWED


def test_a_local_number_is_keyed_alone_and_called_whole():
    found = destination(PLAN.read("987654321"))
    assert found.number == "+5511987654321"
    assert (found.uri, found.national) == ("tel:+5511987654321", "11987654321")
    assert found.read_back == "987654321"
    assert (found.kind, found.carrier, found.price_per_minute) == (Kind.LOCAL, "", Decimal("0.10"))


def test_what_is_read_back_is_what_was_keyed():
    assert destination(PLAN.read("0152125551234")).read_back == "0152125551234"
    assert destination(PLAN.address("+55 (21) 2555-1234")).read_back == "2125551234"
    assert destination(PLAN.address("+1 212 555 0123")).read_back == "0012125550123"


def test_the_longest_prefix_says_the_price():
    found = destination(PLAN.read("152125551234"))
    assert (found.kind, found.price_per_minute) == (Kind.NATIONAL, Decimal("0.20"))
    assert why(PLAN.read("0015442071234567")) is Why.NOT_ALLOWED


def test_at_night_the_own_country_and_what_is_marked_may_be_called():
    assert destination(PLAN.read("987654321")).at_night
    assert destination(PLAN.address("+351211234567")).at_night
    abroad = destination(PLAN.address("+12125550123"))
    assert not abroad.at_night
    assert abroad.kind is Kind.INTERNATIONAL
    closed = plan(prefixes=(Prefix("+55", Decimal(0), at_night=False),))
    assert not destination(closed.read("987654321")).at_night


def test_a_trunk_has_the_number_in_every_spelling_it_may_want():
    found = destination(PLAN.read("152125551234"))
    assert (found.number, found.national, found.carrier) == ("+552125551234", "2125551234", "15")
    found = destination(PLAN.address("+12125550123"))
    assert (found.number, found.national, found.carrier) == ("+12125550123", "0012125550123", "")


@pytest.mark.parametrize(
    "keyed", ["190", "0190", "15190", "1511190", "1521190", "015190", "001555190", "192", "112", "911"]
)
def test_help_is_not_called_from_here(keyed):
    assert why(PLAN.read(keyed)) is Why.EMERGENCY


@pytest.mark.parametrize(
    "text", ["+55190", "+55 11 190", "+550190", "+1911", "+44 999", "+351112", "sip:190@pbx.example"]
)
def test_help_is_not_called_by_address_either(text):
    assert why(PLAN.address(text)) is Why.EMERGENCY


@pytest.mark.parametrize("keyed", ["03003131313", "0900123456", "1503003131313", "001519005550123"])
def test_premium_numbers_are_not_called(keyed):
    assert why(PLAN.read(keyed)) is Why.PREMIUM


@pytest.mark.parametrize(
    "text",
    ["+55 300 313 1313", "+550300313", "+1 900 555 0123", "+88 1 2345678", "+97912", "sip:0300@pbx.example"],
)
def test_premium_numbers_are_not_called_by_address_either(text):
    assert why(PLAN.address(text)) is Why.PREMIUM


def test_loose_patterns_let_no_short_code_through():
    loose = replace(OPEN.numbering, patterns=("XXX", "XXXX", "XXXXX", "XXXXXXXXXX"), carriers=())
    open_wide = plan(numbering=loose)
    assert why(open_wide.read("190")) is Why.EMERGENCY
    assert why(open_wide.read("11190")) is Why.EMERGENCY
    assert why(open_wide.read("3003131313")) is Why.PREMIUM
    assert destination(open_wide.read("2125551234")).number == "+552125551234"


@pytest.mark.parametrize("keyed", ["40028922", "151140028922", "0015551140028922"])
def test_the_bridge_does_not_call_itself(keyed):
    assert why(PLAN.read(keyed)) is Why.NOT_ALLOWED


@pytest.mark.parametrize("own", ["1140028922", "01140028922", "40028922", "551140028922", "151140028922"])
def test_however_its_own_number_is_configured(own):
    loop = replace(CONFIG, access_numbers=(AccessNumber(own), AccessNumber("conference"))).dial_plan()
    assert why(loop.read("40028922")) is Why.NOT_ALLOWED
    assert destination(loop.read("40028923")).number == "+551140028923"
    assert why(loop.address("sip:conference@pbx.example")) is Why.NOT_ALLOWED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Why.INCOMPLETE),
        ("+", Why.INCOMPLETE),
        ("+5511", Why.INCOMPLETE),
        ("5511987654321", Why.CARRIER),
        ("98765", Why.INCOMPLETE),
        ("+5511987654321x", Why.NOT_A_NUMBER),
        ("+\uff15\uff15\uff11\uff11987654321", Why.NOT_A_NUMBER),
        ("+" + "1" * 40, Why.NOT_A_NUMBER),
        ("+" + " " * 300 + "5511987654321", Why.NOT_A_NUMBER),
        ("+0015511987654321", Why.NOT_A_NUMBER),
        ("tel:+5511987654321", Why.NOT_A_NUMBER),
        ("sips:bia@pbx.example", Why.NOT_A_NUMBER),
        ("nobody", Why.NOT_A_NUMBER),
    ],
)
def test_what_is_no_address_is_refused(text, reason):
    assert why(PLAN.address(text)) is reason


def test_an_address_may_be_written_as_it_is_keyed_too() -> None:
    assert destination(PLAN.address("98765-4321")) == destination(PLAN.read("987654321"))
    assert why(PLAN.address("190")) is Why.EMERGENCY


@pytest.mark.parametrize("keyed", ["*1", "12#", "1 2", "+55", "\u0661\u0669\u0660", "9" * 33])
def test_what_no_keypad_gives_is_no_number(keyed):
    assert why(PLAN.read(keyed)) is Why.NOT_A_NUMBER


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:bia@pbx.example", "sip:bia@pbx.example"),
        ("SIP:bia@PBX.example:5080", "sip:bia@pbx.example:5080"),
        ("sip:1001@10.0.0.5:5070;transport=TCP", "sip:1001@10.0.0.5:5070;transport=tcp"),
        ("sip:bia@[2001:DB8:0::5]", "sip:bia@[2001:db8:0::5]"),
        ("sip:pbx.example", "sip:pbx.example"),
        ("sip:bia@pbx.example;transport=tls", "sip:bia@pbx.example;transport=tls"),
        ("sip:bia@pbx.example;maddr=198.51.100.66;user=phone", "sip:bia@pbx.example"),
    ],
)
def test_sip_addresses_of_listed_hosts_are_written_anew(text, uri):
    found = destination(PLAN.address(text))
    assert (found.uri, found.number, found.kind, found.price_per_minute) == (uri, "", Kind.SIP, Decimal(0))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sip:bia@elsewhere.example", Why.NOT_ALLOWED),
        ("sip:bia@10.0.0.5", Why.NOT_ALLOWED),
        ("sip:bia@pbx.example.", Why.NOT_ALLOWED),
        ("sip:4000@pbx.example", Why.NOT_ALLOWED),
        ("sip:+551140028922@pbx.example", Why.NOT_ALLOWED),
        ("sip:5511987654321@pbx.example", Why.NOT_ALLOWED),
        ("sip:0015442071234567@pbx.example", Why.NOT_ALLOWED),
        ("sip:bia:secret@pbx.example", Why.NOT_A_NUMBER),
        ("sip:bia@pbx.example?Replaces=1", Why.NOT_A_NUMBER),
        ("sip:bia@pbx.example;transport=sctp", Why.NOT_A_NUMBER),
        ("sip:bia%20x@pbx.example", Why.NOT_A_NUMBER),
        ("sip:190;phone-context=x@pbx.example", Why.NOT_A_NUMBER),
        ("sip:1+90@pbx.example", Why.NOT_A_NUMBER),
        ("sip:@", Why.NOT_A_NUMBER),
        ("sip:%31%39%30@pbx.example", Why.EMERGENCY),
        ("sip:1-9-0@pbx.example", Why.EMERGENCY),
        ("sip:+55190@pbx.example", Why.EMERGENCY),
        ("sip:9911@pbx.example", Why.EMERGENCY),
        ("sip:+19005550123@pbx.example", Why.PREMIUM),
    ],
)
def test_other_sip_addresses_are_not(text, reason):
    assert why(PLAN.address(text)) is reason


def test_a_number_at_a_sip_host_has_its_price_and_its_night():
    found = destination(PLAN.address("sip:+12125550123@pbx.example"))
    assert (found.kind, found.price_per_minute, found.at_night) == (Kind.SIP, Decimal("0.50"), False)
    assert found.uri == "sip:+12125550123@pbx.example"


def test_the_bridges_own_sip_address_is_not_called_even_where_its_host_is_listed():
    config, faults = read(
        '[server]\nudp = ["10.0.0.5:5060"]\ntcp = []\nadvertised = "conf.example"\n[dial_out]\nenabled = true\n'
        'sip_domains = ["10.0.0.5", "conf.example"]\n'
    )
    assert faults == []
    loop = config.dial_plan()
    for text in ("sip:x@10.0.0.5", "sip:x@10.0.0.5:5060", "sip:x@conf.example"):
        assert why(loop.address(text)) is Why.NOT_ALLOWED
    assert destination(loop.address("sip:x@10.0.0.5:5070")).uri == "sip:x@10.0.0.5:5070"


def test_a_name_of_a_host_that_is_none_lists_none():
    strange = replace(CONFIG, server=replace(CONFIG.server, advertised="1:2"))
    assert destination(strange.dial_plan().address("sip:bia@pbx.example")).kind is Kind.SIP


def test_operators_are_called_by_name_also_while_dial_out_is_closed():
    found = destination(PLAN.address("ana"))
    assert (found.uri, found.kind) == ("sip:ana@10.0.0.9", Kind.OPERATOR)
    closed = plan(enabled=False)
    assert why(closed.address("ana")) is Why.CLOSED
    assert closed.operator("ana") == found
    assert closed.operator("bia") is None


@pytest.mark.parametrize(
    ("rules", "keyed", "number"),
    [
        (USA, "5550123", "+12125550123"),
        (SPAIN, "0012125550123", "+12125550123"),
    ],
)
def test_another_country_is_configuration(rules, keyed, number):
    abroad = DialPlan(
        enabled=True,
        numbering=rules,
        takes=lambda _: True,
        prefixes=PREFIXES,
        emergency=("911", "112"),
    )
    assert destination(abroad.read(keyed)).number == number
    assert why(abroad.read("911" if rules is USA else "112")) is Why.EMERGENCY


def test_neither_log_nor_repr_shows_the_number():
    found = destination(PLAN.read("987654321"))
    assert found.masked == "+5511****4321"
    assert "8765" not in repr(found)
    assert "bia" not in repr(destination(PLAN.address("sip:bia@pbx.example")))


@given(st.from_regex(r"\+[0-9]{7,15}", fullmatch=True))
def test_at_least_four_digits_are_masked(number):
    shown = masked(number)
    start, _, end = shown.partition("****")
    assert number.startswith(start)
    assert number.endswith(end)
    assert len(start) + len(end) <= len(number) - 4


DRESSES = st.lists(
    st.sampled_from(["0", "00", "15", "21", "55", "11", "85", "31", "9", "1", ""]), max_size=6
).map("".join)
ADDRESSES = st.sampled_from(
    ["{}", "+{}", "sip:{}@pbx.example", "sip:+{}@pbx.example", "+55 (0) {}", "sip:%2B{}@10.0.0.5:5070"]
)
WIDE = plan(prefixes=tuple(Prefix(f"+{digit}", Decimal(1)) for digit in range(1, 10)))


def forbidden(called: str) -> bool:
    """Whether what goes out to the trunk could be a number of help or a premium number, in any network's eyes."""
    digits = called.removeprefix("+")
    national = digits.removeprefix("55") if digits.startswith("55") else ""
    ends = {digits, national, national[2:], national.removeprefix("0"), *(digits[n:] for n in (1, 2, 3))}
    starts = [start.removeprefix("0") for start in PREMIUM if not start.startswith("+")]
    dear = any(national.startswith(start) for start in starts) or any(
        called.startswith(start) for start in PREMIUM if start.startswith("+")
    )
    return dear or not ends.isdisjoint(EMERGENCY)


@settings(max_examples=500, deadline=None)
@given(
    dress=DRESSES,
    number=st.sampled_from((*EMERGENCY, *(start.removeprefix("+") for start in PREMIUM))),
    rest=DRESSES,
)
def test_no_dress_gets_a_forbidden_number_past(dress, number, rest):
    found = WIDE.read(dress + number + rest)
    if isinstance(found, Destination):
        assert not forbidden(found.number)
        assert found.uri == f"tel:{found.number}"


@settings(max_examples=500, deadline=None)
@given(dress=DRESSES, number=st.sampled_from(EMERGENCY), address=ADDRESSES)
def test_nor_does_any_address(dress, number, address):
    found = WIDE.address(address.format(dress + number))
    if isinstance(found, Destination) and found.kind is not Kind.SIP:
        assert not forbidden(found.number)
    elif isinstance(found, Destination):
        user = found.uri.removeprefix("sip:").partition("@")[0]
        if user.startswith("+"):
            assert not forbidden(user)
        else:
            assert user not in {
                outside + code for code in EMERGENCY for outside in ("", "0", "9", "15", "21", "015")
            }


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="0123456789+() -.", max_size=24)
    | st.text(max_size=24)
    | st.text(alphabet="sip:@190+%.;x", max_size=30)
)
def test_whatever_is_said_the_answer_is_a_number_that_is_allowed_or_a_reason(text):
    for found in (WIDE.read(text), WIDE.address(text), PLAN.address(text)):
        if isinstance(found, Destination) and found.number:
            assert 8 <= len(found.number) <= 16
            assert found.number[1:].isascii()
            assert found.number[1:].isdecimal()
            assert not forbidden(found.number)


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_without_its_prefix_no_number_is_called(number):
    assume(not number.startswith(tuple(prefix.prefix for prefix in PREFIXES)))
    assert isinstance(PLAN.address(number), Refused)


def test_the_configured_rules_are_the_manuals():
    assert Config().dial_out.numbering.carriers == BRAZIL.carriers == ("15", "21")


# --- accounts ---


class Accounts:
    """bia's extension, carla's number, and some that would be called like what is never called."""

    def account_of(self, called: str) -> str:
        names = {"+5511987650000": "carla", "+5503001234": "dear"}
        return called if called in {"201", "190", "4000", "bia", "5521"} else names.get(called, "")

    def number_of(self, account: str) -> str:
        return ""


def internal(*, on: bool = True) -> DialPlan:
    return replace(CONFIG, dial_out=replace(OPEN, internal=on)).dial_plan(Accounts())


@pytest.mark.parametrize("keyed", ["987650000", "01511987650000"])
def test_the_number_of_an_account_rings_its_telephones_by_no_trunk_and_for_nothing(keyed: str):
    found = destination(internal().read(keyed))
    assert (found.uri, found.number, found.kind) == ("account:carla", "", Kind.INTERNAL)
    assert found.price_per_minute == 0
    assert found.at_night
    assert found.read_back == keyed
    assert found.masked == "carla"
    assert destination(internal().address("+5511987650000")).uri == "account:carla"


def test_so_does_a_name_of_digits_also_where_no_trunk_is_there():
    alone = replace(CONFIG, trunks=(), dial_out=replace(OPEN, internal=True)).dial_plan(Accounts())
    found = destination(alone.read("201"))
    assert (found.uri, found.read_back) == ("account:201", "201")
    assert destination(alone.address("201")).uri == "account:201"


def test_by_default_no_account_is_called():
    assert why(internal(on=False).read("201")) is not None
    assert destination(internal(on=False).read("987650000")).uri == "tel:+5511987650000"


@pytest.mark.parametrize("keyed", ["190", "0190", "03001234", "0900123456"])
def test_no_account_hides_a_number_of_help_or_one_that_is_dear(keyed: str):
    assert why(internal().read(keyed)) in {Why.EMERGENCY, Why.PREMIUM}


def test_a_number_abroad_is_none_of_ours_that_looks_like_its_end():
    assert isinstance(internal().address("+5521"), Refused)
