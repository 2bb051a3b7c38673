import random

import pytest

from sau.pipeline.prompts.llm.text_checks import problem_of
from sau.pipeline.prompts.reading.language import is_english
from sau.templates.template_sets import expand
from sau.templates.templates import fill


def listed(text):
    return [name.strip() for name in text.split(",")]


NAMES = listed(
    "apple, aquarium fish, beaver, bee, can, caterpillar, cattle, chimpanzee, cockroach, "
    "crab, dinosaur, flatfish, kangaroo, lamp, lawn mower, leopard, lobster, man, maple tree, "
    "motorcycle, orchid, otter, pear, pickup truck, plain, poppy, porcupine, possum, raccoon, "
    "ray, road, rose, sea, skunk, sweet pepper, tank, television, tulip, whale, worm, "
    "Weimaraner, schipperke, Rottweiler, affenpinscher, komondor, kuvasz, dhole, axolotl, "
    "espresso, guacamole, burrito, taco, pi\u00f1a colada, cr\u00e8me br\u00fbl\u00e9e, "
    "Vulpes vulpes, Canis lupus familiaris, Rosa gallica, Bombus terrestris, \u72d0\u72f8, "
    "\u043a\u043e\u0448\u043a\u0430"
)
"""Of CIFAR-100, of ImageNet, of other languages."""
OWN = [
    "A photo of {article} {name}.",
    "A photo of the class {name}, with a glossy coat resting near the old wooden gate.",
    "{name} in a garden.",
    "Vintage {name} on display.",
    "{name}, macro photography, bokeh",
    "An origami {name}.",
    "A {name} in Rio de Janeiro near Copacabana beach.",
    "A {name} with salsa verde and guacamole.",
    "Two {name}s play.",
    "{name} on Copacabana, Rio de Janeiro",
    "Fresco {name} in Pompeii villa",
    "Panoramic {name} in Sierra Nevada, California",
    "Close-up {name} in soft evening light",
    "{name} on display at Museo del Prado",
    "{article} {name} on a tatami mat, ukiyo-e style",
]
FOREIGN = {
    "Afrikaans": "'n Foto van 'n {n} in die gras.",
    "Arabic": "\u0635\u0648\u0631\u0629 {n} \u0639\u0644\u0649 \u0627\u0644\u0639\u0634\u0628.",
    "Catalan": "Una foto d'un {n} a l'herba.",
    "Chinese": "\u8349\u5730\u4e0a\u7684{n}\u7167\u7247\u3002",
    "Croatian": "Fotografija {n} u travi.",
    "Czech": "Fotografie {n} v tr\u00e1v\u011b.",
    "Dutch, with an article alone": "Twee {n} in een mand.",
    "Portuguese, without an end": "Um {n} em um parque",
    "Danish": "Et foto af en {n} i gr\u00e6sset.",
    "Dutch": "Een foto van een {n} in het gras.",
    "Dutch, short": "De {n} rent door de sneeuw.",
    "Finnish": "Kuva {n} ruohikolla.",
    "French": "Une photo d'un {n} dans l'herbe.",
    "German": "Ein alter {n} in der Stadt.",
    "Greek": "\u0388\u03bd\u03b1 \u03c0\u03b1\u03bb\u03b9\u03cc {n} \u03c3\u03c4\u03b7\u03bd.",
    "Hungarian": "Egy fot\u00f3 egy {n} a f\u0171ben.",
    "Indonesian": "Foto seekor {n} di rumput.",
    "Latin": "Imago {n} in horto viridi.",
    "Latin, long": "{n} magnus in campo herbam edit.",
    "Latin, short": "{n} vetus in museo.",
    "Italian": "Il {n} corre nella neve.",
    "Norwegian": "En {n} l\u00f8per gjennom sn\u00f8en.",
    "Polish": "Stary {n} w mie\u015bcie.",
    "Portuguese": "Uma foto de um {n} na grama.",
    "Portuguese, short": "O {n} corre pela neve.",
    "Romanian": "O fotografie cu un {n} \u00een iarb\u0103.",
    "Russian": "\u0424\u043e\u0442\u043e {n} \u0432 \u0442\u0440\u0430\u0432\u0435.",
    "Spanish": "El {n} corre por la nieve.",
    "Swahili": "Picha ya {n} kwenye nyasi.",
    "Swedish": "Ett foto av en {n} i gr\u00e4set.",
    "Swedish, short": "En gammal {n} i staden.",
    "Tagalog": "Isang larawan ng {n} sa damo.",
    "Turkish": "\u015eehirde eski bir {n}.",
    "Vietnamese": "M\u1ed9t {n} ch\u1ea1y qua tuy\u1ebft.",
}


def test_captions_in_english_are_all_accepted():
    draw = random.Random(0)
    pairs = [(template, name) for template in [*expand(["clip-80"]), *OWN] for name in NAMES]
    pairs = draw.sample(pairs, 600) + [(template, name) for template in OWN for name in NAMES]
    captions = [(fill(template, name), name) for template, name in pairs]
    refused = [text for text, name in captions if problem_of(text, [name], 50, "en") is not None]
    assert refused == []


@pytest.mark.parametrize("language", FOREIGN)
def test_sentence_of_another_language_is_refused(language):
    texts = [(FOREIGN[language].format(n=name), name) for name in ("cat", "Weimaraner", "taco")]
    problems = {problem_of(text, [name], 50, "en") for text, name in texts}
    assert problems == {"not English"}


def test_second_sentence_counts_too():
    assert not is_english("A photo of a bee in the grass. Een foto van een bij in het gras.")


def test_list_of_what_is_seen_is_no_foreign_sentence():
    assert is_english("salsa, guacamole, nachos")
    assert is_english("espresso, gelato, piazza")


def test_text_without_letters_is_not_english():
    assert not is_english("1234 !")
