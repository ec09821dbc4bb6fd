"""The file of rules: what it may say, all that is wrong with it by line, and the rules in force while it is changed."""

from bot.rules_file.in_force import RulesFileInForce
from bot.rules_file.reading import Mistake, RulesFileError, read_rules, read_rules_file

__all__ = ["Mistake", "RulesFileError", "RulesFileInForce", "read_rules", "read_rules_file"]
