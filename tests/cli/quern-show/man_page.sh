# Every option of the help is in the manual page, and the other way round.
check_man_page quern-show
