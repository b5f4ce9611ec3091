"""Layer types of well-known forks, with their sources; where forks differ under one name, NA says so."""
