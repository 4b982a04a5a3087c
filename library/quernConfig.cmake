# find_package(quern CONFIG) gives the target quern::formats: <quern/store.h> and the other headers.
include("${CMAKE_CURRENT_LIST_DIR}/quernTargets.cmake")
