"""Bank slips as people send them, drawn by Pillow: what is measured about likeness is measured on these.

Slips of one template differ where real ones do (amount, tracking code, time, names) and nowhere else: that is
what makes them hard to tell apart. The same seed draws the same slip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageEnhance, ImageFont

WIDTH, HEIGHT = 720, 1280
STATUS_BAR = 56
NAMES = ("Alice Karimi", "Sara Rezaei", "Mohammad Ahmadi", "Zahra Hosseini", "Reza Moradi", "Negar Azizi")


@dataclass(frozen=True, slots=True)
class Template:
    """How one bank draws its slip."""

    ground: str
    ink: str
    head: str
    first_line: int
    line: int
    size: int


TEMPLATES: Mapping[str, Template] = {
    "light": Template("#ffffff", "#222222", "#0b7a4b", 460, 84, 30),
    "dark": Template("#15181d", "#e6e6e6", "#2b59c3", 420, 92, 30),
    "dense": Template("#f3f4f6", "#333333", "#c0392b", 330, 62, 24),
}


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on one slip."""

    template: str
    amount: int
    tracking: int
    day: int
    clock: str
    payer: str
    payee: str
    card: int
    phone_clock: str


def write(seed: int | str, template: str, **same: object) -> Slip:
    """A slip of somebody; ``same`` says what it has in common with others: what one shop is always paid."""
    random = Random(seed)  # noqa: S311  (repeatable, not secret)
    slip = Slip(
        template,
        amount=random.choice((95_000, 180_000, 250_000, 420_000)) * 10 + random.randrange(1000) * 10,
        tracking=random.randrange(10**11, 10**12),
        day=random.randrange(1, 30),
        clock=_clock(random),
        payer=random.choice(NAMES),
        payee="Shop Owner",
        card=random.randrange(1000, 10_000),
        phone_clock=_clock(random)[:5],
    )
    return replace(slip, **same)  # type: ignore[arg-type]  # the names are those of Slip


def _clock(random: Random) -> str:
    return f"{random.randrange(24):02}:{random.randrange(60):02}:{random.randrange(60):02}"


def draw(slip: Slip) -> Image.Image:
    """The slip as a screenshot."""
    look = TEMPLATES[slip.template]
    image = Image.new("RGB", (WIDTH, HEIGHT), look.ground)
    pen = ImageDraw.Draw(image)
    small, body, large = (ImageFont.load_default(size) for size in (22, look.size, 2 * look.size))
    pen.rectangle((0, 0, WIDTH, STATUS_BAR), fill=look.head)
    pen.text((24, 14), slip.phone_clock, font=small, fill="white")
    pen.rectangle((0, STATUS_BAR, WIDTH, look.first_line - 150), fill=look.head)
    pen.ellipse((WIDTH // 2 - 50, 90, WIDTH // 2 + 50, 190), fill="white")
    middle = (WIDTH // 2, look.first_line - 90)
    pen.text(middle, f"{slip.amount:,} IRR", font=large, fill=look.ink, anchor="mm")
    lines = {
        "Tracking": str(slip.tracking),
        "Date": f"1405/09/{slip.day:02}",
        "Time": slip.clock,
        "From": slip.payer,
        "Card": f"6037 99** **** {slip.card}",
        "To": slip.payee,
        "To card": "5022 29** **** 4417",
        "Amount": f"{slip.amount:,}",
        "Status": "Successful",
    }
    for number, (what, words) in enumerate(lines.items()):
        at = look.first_line + number * look.line
        pen.text((40, at), what, font=body, fill=look.ink)
        pen.text((WIDTH - 40, at), words, font=body, fill=look.ink, anchor="ra")
        pen.line((40, at + look.line - 14, WIDTH - 40, at + look.line - 14), fill="#9aa0a6")
    return image


def png(image: Image.Image) -> bytes:
    return _saved(image, "PNG")


def jpeg(image: Image.Image, quality: int = 87) -> bytes:
    return _saved(image, "JPEG", quality=quality)


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _scaled(image: Image.Image, by: float) -> Image.Image:
    return image.resize((round(image.width * by), round(image.height * by)), Image.Resampling.LANCZOS)


def _cut(image: Image.Image, rows: int) -> Image.Image:
    return image.crop((0, rows, image.width, image.height))


SENT_AGAIN: Mapping[str, Callable[[Image.Image], bytes]] = {
    "JPEG 95": lambda image: jpeg(image, 95),
    "JPEG 60": lambda image: jpeg(image, 60),
    "JPEG 30": lambda image: jpeg(image, 30),
    "three quarters the size": lambda image: jpeg(_scaled(image, 0.75)),
    "half the size": lambda image: jpeg(_scaled(image, 0.5)),
    "one and a half the size": lambda image: jpeg(_scaled(image, 1.5)),
    "5 % brighter": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.05)),
    "15 % brighter": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.15)),
    "15 % darker": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(0.85)),
    "less contrast": lambda image: jpeg(ImageEnhance.Contrast(image).enhance(0.85)),
    "half the size, JPEG 40, 5 % brighter": lambda image: jpeg(
        ImageEnhance.Brightness(_scaled(image, 0.5)).enhance(1.05), 40
    ),
    "one row cut off": lambda image: jpeg(_cut(image, 1)),
    "status bar cut off": lambda image: jpeg(_cut(image, STATUS_BAR)),
}
"""The same screenshot as it comes a second time."""


def edited(seed: int | str, slip: Slip) -> Slip:
    """The same screenshot with another amount written over: one digit is another."""
    random = Random(seed)  # noqa: S311  (repeatable, not secret)
    digits = list(str(slip.amount))
    digits[1] = random.choice([one for one in "0123456789" if one != digits[1]])
    return replace(slip, amount=int("".join(digits)))
