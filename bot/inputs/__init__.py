"""What people type: texts, periods, dates, numbers, money; one grammar for each, refused with a sentence."""
