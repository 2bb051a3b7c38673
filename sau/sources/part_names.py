"""What people call the parts of a data set, in the languages of its makers."""

import re
import unicodedata

_WHAT = (
    r"(?:_?(?:set|sets|data|daten|datensatz|dataset|images?|imgs?|pictures?|photos?|bilder"
    r"|files|samples?|split|part|labell?ed|folder|val|[ab]))?"
)
_BEFORE = r"(?:my|new|full|all|images?|img|data|dataset|x)?"


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(f"{_BEFORE}(?:{'|'.join(words)}){_WHAT}")


TRAIN = _words(
    *("train(?:ing)?s?", "trn", "entrenamientos?", "treino", "treinamento", "entra[iî]nement"),
    *("addestramento", "allenamento", "träning", "træning", "trening", "opplæring", "opleiding"),
    *("oefen(?:ing)?", "trenowanie", "treningowy", "tréning", "eğitim", "обучение", "обуч"),
    *(
        "навчання",
        "训练集?",
        "訓練集?",
        "学习",
        "学習(?:用)?",
        "訓練(?:用)?",
        "학습",
        "훈련",
        "تدريب",
    ),
    *("آموزش", "latihan", "pelatihan"),
)
"""Of the part that is trained on."""

TEST = _words(
    *("tests?", "testing", "tst", "val", "valid", "validations?", "eval", "evaluations?"),
    *("predictions?", "pred", "hold_?out", "pruebas?", "validación", "evaluación", "testes?"),
    *("validação", "avaliação", "validazione", "prüfung", "validierung", "testning", "testy"),
    *("walidacja", "testowy", "teszt", "doğrulama", "validasi", "тест(?:овая)?", "проверка"),
    *("валидация", "测试集?", "測試集?", "验证集?", "驗證集?", "テスト(?:用)?", "検証(?:用)?"),
    *("評価(?:用)?", "테스트", "검증", "평가", "اختبار", "آزمایش"),
)
"""Of the part that is tested on."""

FIRST_TEST = _words(
    *("tests?", "testing", "tst", "pruebas?", "testes?", "testning", "testy", "teszt"),
    *("тест(?:овая)?", "测试集?", "測試集?", "テスト(?:用)?", "테스트", "اختبار"),
)
"""What is taken where there are several."""

OTHER_TRAIN = _words(
    *("tr", "learn(?:ing)?", "lern", "fit", "dev(?:elopment)?", "background", "gallery", "support"),
    *("seen", "source", "labell?ed", "known", "aprendizaje", "apprentissage", "formation"),
    *("ausbildung", "utbildning", "uczenie", "tanuló"),
)
"""As `TRAIN`, but words that classes may have as well."""

OTHER_TEST = _words(
    *("te", "query", "unseen", "dev", "target", "unlabell?ed", "unknown", "prova", "verifica"),
    *("essais?", "toets", "uji", "ujian"),
)
"""As `TEST`, but words that classes may have as well."""

NUMBERED = re.compile(r"(?:fold|part|split|subset|set|batch|chunk|shard|partition|section|teil)s?")
"""Of parts that have a number."""

_WORD_ENDS = re.compile(r"[\W\d_]+|(?<=[a-z])(?=[A-Z])")


def is_called(name: str, *parts: re.Pattern[str]) -> bool:
    """Return whether a folder's name, or one word of it, is that of one of some parts.

    Words end at digits, signs, and where a capital follows a small letter.
    """
    words = [word for word in _WORD_ENDS.split(unicodedata.normalize("NFC", name)) if word]
    found = [word.lower() for word in (*words, "".join(words))]
    return any(part.fullmatch(word) for part in parts for word in found)
