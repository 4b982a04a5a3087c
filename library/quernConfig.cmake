# find_package(quern CONFIG) gives the target quern::formats: <quern/store.h>, <quern/checkpoint.h>.
include("${CMAKE_CURRENT_LIST_DIR}/quernTargets.cmake")
