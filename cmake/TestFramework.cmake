# Provides GTest::gtest, GTest::gtest_main and GTest::gmock: installed ones, or built from the sources
# in ISOLOSS_GOOGLETEST, which a machine without them or a network can be given. With ISOLOSS_LEAN they
# may be missing; device code is then built without its tests.
set(ISOLOSS_GOOGLETEST "/usr/src/googletest" CACHE PATH "GoogleTest's sources, where it is not installed")
find_package(GTest QUIET)
set(ISOLOSS_GOOGLETEST_FOUND ON CACHE INTERNAL "What tools/gpu_check.sh looks for before it builds")
if(NOT GTest_FOUND)
  if(EXISTS ${ISOLOSS_GOOGLETEST}/googlemock/CMakeLists.txt)
    set(INSTALL_GTEST OFF)
    add_subdirectory(${ISOLOSS_GOOGLETEST} ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
  else()
    string(CONCAT advice "GoogleTest is missing (not installed, no sources in ${ISOLOSS_GOOGLETEST}); "
           "install libgtest-dev and libgmock-dev, or set ISOLOSS_GOOGLETEST to its sources")
    if(NOT ISOLOSS_LEAN)
      message(FATAL_ERROR "${advice}")
    endif()
    message(WARNING "${advice}. Tests are left out.")
    set(ISOLOSS_GOOGLETEST_FOUND OFF CACHE INTERNAL "")
  endif()
endif()
