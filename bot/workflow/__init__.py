"""Work that goes on: the only room with DBOS. Somebody is always working on every open copy, and looks at all running
copies within the cloud's rates.
"""
