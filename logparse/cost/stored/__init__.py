"""How weights may be stored, and how large that is: zeros left out, few bits, codebooks, codes of unequal length."""
