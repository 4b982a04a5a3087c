quern-predict --help | head -n 1
quern-predict --version
quern-predict -h | grep -c '^  -h, --help '
