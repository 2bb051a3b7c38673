"""Files and tables: whole or not there, with a written schema and a record of their making."""
