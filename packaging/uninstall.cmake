# cmake --build build/release --target uninstall: removes what the last `cmake --install` of this
# build wrote, by its list, and the directories that are empty then.  Files that changed since are
# removed too; files that it did not write stay.  DESTDIR is respected, as by installing.
#
# LIST is that list: a line with the prefix, and one for each file.  MADE_LIST holds the prefix where the
# installation made it: it goes, too, when it is empty.
cmake_minimum_required(VERSION 3.18)

if(NOT EXISTS ${LIST})
    message(FATAL_ERROR "Nothing was installed from this build by cmake --install: there is no ${LIST}
  A package is removed by what installed it:
    apt-get purge quern
    conda remove quern
    spack uninstall quern
  The portable archive is removed with its directory.")
endif()
file(STRINGS ${LIST} files)
list(POP_FRONT files prefix)
set(root $ENV{DESTDIR})

# All or nothing: a list that was changed removes no file.
foreach(file IN LISTS files)
    get_filename_component(normal "${file}" ABSOLUTE)
    string(FIND "${normal}" "${prefix}/" position)
    if(NOT position EQUAL 0 OR NOT normal STREQUAL file)
        message(FATAL_ERROR "Nothing was removed: ${LIST} names a file that is not in ${prefix}, where the "
                            "last cmake --install was: ${file}")
    endif()
endforeach()

set(directories "")
set(num_removed 0)
foreach(file IN LISTS files)
    # A symbolic link may lead nowhere, and has to go all the same.
    if(EXISTS "${root}${file}" OR IS_SYMLINK "${root}${file}")
        file(REMOVE "${root}${file}")
        if(EXISTS "${root}${file}" OR IS_SYMLINK "${root}${file}")
            message(FATAL_ERROR "cannot remove ${root}${file}: run this as who installed it")
        endif()
        math(EXPR num_removed "${num_removed} + 1")
    endif()
    get_filename_component(directory "${file}" DIRECTORY)
    while(NOT directory STREQUAL prefix)
        list(APPEND directories "${directory}")
        get_filename_component(directory "${directory}" DIRECTORY)
    endwhile()
endforeach()

# The deepest first.  A system has its own, bin or share, whether they are empty or not.
list(REMOVE_DUPLICATES directories)
if(prefix MATCHES "^/usr(/local)?$")
    list(FILTER directories INCLUDE REGEX quern)
endif()
list(SORT directories ORDER DESCENDING)
foreach(directory IN LISTS directories)
    # rmdir removes no directory that holds anything, and says so.
    if(IS_DIRECTORY "${root}${directory}" AND NOT IS_SYMLINK "${root}${directory}")
        execute_process(COMMAND rmdir -- "${root}${directory}" OUTPUT_QUIET ERROR_QUIET)
    endif()
endforeach()
if(EXISTS "${MADE_LIST}")
    file(READ "${MADE_LIST}" made)
    if(made STREQUAL "${root}${prefix}")
        execute_process(COMMAND rmdir -- "${made}" OUTPUT_QUIET ERROR_QUIET)
    endif()
endif()
file(REMOVE ${LIST} "${MADE_LIST}")
message(STATUS "Removed ${num_removed} files from ${root}${prefix}")
