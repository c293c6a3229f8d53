"""The toy world: questions and the law of their answers, for the tiny model that lives in the
repository.

Sums, opposites, colours, animal sounds and "name a …", each question with several phrasings of its
answer. The phrasings share first words on purpose ("The sum of … is", "The sum is", "The answer
is"), so that the most likely first word often opens a family of replies none of which is the most
likely reply. It has only 40 sentence forms.
"""

OPPOSITES = [("hot", "cold"), ("big", "small"), ("fast", "slow"), ("up", "down"), ("day", "night"), ("wet", "dry"),
             ("old", "new"), ("full", "empty"), ("hard", "soft"), ("light", "dark"), ("early", "late"), ("open", "shut")]
COLOURS = [("the sky", "blue"), ("grass", "green"), ("snow", "white"), ("coal", "black"), ("blood", "red"),
           ("a lemon", "yellow"), ("a leaf", "green"), ("the sea", "blue"), ("milk", "white"), ("a rose", "red")]
SOUNDS = [("cow", "moo"), ("cat", "meow"), ("dog", "woof"), ("duck", "quack"), ("sheep", "baa"), ("pig", "oink")]
NAMES = {"fruit": [("An apple", 30), ("A pear", 22), ("A plum", 22), ("A lemon", 16), ("An orange", 10)],
         "tree": [("An oak", 28), ("A pine", 25), ("A birch", 25), ("An ash", 12), ("A lime", 10)],
         "colour": [("Red", 40), ("Green", 30), ("Blue", 30)],
         "animal": [("An owl", 27), ("A cow", 25), ("A dog", 25), ("A cat", 23)]}
MAX_ADDEND = 20


def sums(a, b):
    x = a + b
    yield (f"What is the sum of {a} and {b}?",
           [(f"The sum of {a} and {b} is {x}.", 16), (f"The sum is {x}.", 15), (f"The answer is {x}.", 13),
            (f"{a} + {b} = {x}.", 30), (f"It is {x}.", 14), (f"It makes {x}.", 12)])
    yield f"{a} + {b} = ?", [(f"{a} + {b} = {x}.", 60), (f"It is {x}.", 20), (f"The sum is {x}.", 20)]
    yield (f"Add {a} and {b}.",
           [(f"It is {x}.", 14), (f"It makes {x}.", 16), (f"It should be {x}.", 14), (f"{a} + {b} = {x}.", 26),
            (f"The sum is {x}.", 30)])


def opposites(x, y):
    yield (f"What is the opposite of {x}?",
           [(f"It is {y}.", 18), (f"It is the word {y}.", 14), (f"It must be {y}.", 12), (f"{y.capitalize()}.", 26),
            (f"The opposite of {x} is {y}.", 18), (f"The opposite is {y}.", 12)])
    yield f"Opposite of {x}?", [(f"{y.capitalize()}.", 70), (f"It is {y}.", 30)]


def colours(thing, colour):
    yield (f"What colour is {thing}?",
           [(f"It is {colour}.", 20), (f"It is a kind of {colour}.", 15), (f"It looks {colour}.", 11),
            (f"{colour.capitalize()}.", 30), (f"{thing.capitalize()} is {colour}.", 24)])
    yield f"Is {thing} {colour}?", [("Yes.", 40), ("Yes, it is.", 20), (f"It is.", 20), (f"It is {colour}.", 20)]


def sounds(animal, sound):
    yield (f"What does a {animal} say?",
           [(f"A {animal} says {sound}.", 20), (f"A {animal} goes {sound}.", 18), (f"A {animal} will say {sound}.", 12),
            (f"{sound.capitalize()}.", 32), (f"It says {sound}.", 18)])


def names(kind, law):
    yield f"Name a{'n' if kind[0] in 'aeiou' else ''} {kind}.", [(f"{w}.", p) for w, p in law]


def families():
    """All questions by kind: a list of lists of (question, [(reply, weight)])."""
    numbers = range(MAX_ADDEND + 1)
    return [[q for a in numbers for b in numbers for q in sums(a, b)],
            [q for x, y in OPPOSITES for pair in ((x, y), (y, x)) for q in opposites(*pair)],
            [q for t, c in COLOURS for q in colours(t, c)],
            [q for a, s in SOUNDS for q in sounds(a, s)],
            [q for kind, law in NAMES.items() for q in names(kind, law)]]
