"""Does what an example gives to a step depend on the others of its batch?"""
