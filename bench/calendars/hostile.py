"""Text that breaks programs, of the kinds people and attackers type; our own list."""

import random

LINES = [
    "",
    " ",
    "\t",
    "\n",
    "plain words",
    "Comma, semicolon; colon: quote \" apostrophe ' backslash \\ caret ^ percent %",
    "\\n is not a line break, nor are \\N, \\, \\; and \\\\",
    "ends with a backslash\\",
    "line one\nline two\r\nline three\rline four",
    "BEGIN:VEVENT\r\nSUMMARY:smuggled\r\nEND:VEVENT",
    "x\r\nATTENDEE:mailto:everybody@example.org",
    "\r\n ATTENDEE;CN=folded:mailto:a@example.org",
    "END:VCALENDAR",
    "a" * 74,
    "a" * 75,
    "a" * 76,
    "é" * 60,
    "a" + "é" * 60,
    "漢" * 40,
    "x" + "😀" * 40,
    "👩🏽\u200d🚀👨\u200d👩\u200d👧\u200d👦🏳️\u200d🌈",
    "e\u0301" * 40,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "مرحبا بكم في الاجتماع",
    "שלום, בואו אל הספרייה",
    "left \u202eright-to-left override\u202c again",
    "\u2066isolate\u2069 \u2067other\u2069 \u061c\u200e\u200f",
    "zero\u200bwidth\u2060joiner\ufeff",
    "line\u2028separator\u2029paragraph\u0085next\x0bvertical\x0cform",
    "nul\x00 bell\x07 escape\x1b[31m delete\x7f c1\x9f",
    "\ufffd\ufffe\uffff noncharacters \U0001fffe",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7*7 }} {% debug %} ${7*7} #{7*7} %s %d %n $(id) `id`",
    "'; DROP TABLE events; --",
    "../../../../etc/passwd",
    "http://example.org/?a=b&c=d#e;f,g",
    "mailto:someone@example.org?bcc=all@example.org",
    "=?utf-8?q?encoded=20word?=",
    '=HYPERLINK("http://example.org")',
    "Ω≈ç√∫˜µ≤≥÷ åß∂ƒ©˙∆˚¬…æ",
    "½ ¼ ¾ ⁰⁴⁵ ₀₁₂",
    "NaN Infinity -0 1e309 0x7fffffffffffffff",
    "null undefined None nil true FALSE",
    "CON PRN AUX NUL COM1",
    "tab\tbetween\twords",
    "\u00a0non\u00a0breaking\u00a0spaces\u3000",
    "ÅÄÖ åäö ß ﬁ ﬂ İ ı",
    ':;,"\\' * 20,
    "^n^'^^ RFC 6868",
    "DTSTART;TZID=America/New_York:20270101T000000",
]


def text(chance: random.Random, *, longest: int) -> str:
    """One line of the list, several put together, or random characters."""
    roll = chance.random()
    if roll < 0.55:
        made = chance.choice(LINES)
    elif roll < 0.85:
        made = chance.choice([" ", "", "\n", ","]).join(chance.choices(LINES, k=3))
    else:
        points = [chance.randrange(1, 0x11000 if chance.random() < 0.3 else 0x800)] * 1
        points += [chance.randrange(1, 0x11000) for _ in range(chance.randrange(60))]
        made = "".join(chr(p) for p in points if not 0xD800 <= p <= 0xDFFF)
    return made[:longest]
