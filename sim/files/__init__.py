"""Files of users: read into descriptions, whatever their dialect."""
