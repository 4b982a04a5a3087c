# Read by cpack once for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
    set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
endif()
# Tells the installation that it is one into a package.
set(ENV{QUERN_PACKING} 1)
