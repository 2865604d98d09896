# Provides GTest::gtest, GTest::gtest_main and GTest::gmock: installed ones, or built from the sources
# in ISOLOSS_GOOGLETEST, which a machine without them or a network can be given.
set(ISOLOSS_GOOGLETEST "/usr/src/googletest" CACHE PATH "GoogleTest's sources, where it is not installed")
find_package(GTest QUIET)
if(NOT GTest_FOUND)
  if(NOT EXISTS ${ISOLOSS_GOOGLETEST}/googlemock/CMakeLists.txt)
    message(FATAL_ERROR "GoogleTest is missing (not installed, no sources in ${ISOLOSS_GOOGLETEST}); "
            "install libgtest-dev and libgmock-dev, or set ISOLOSS_GOOGLETEST to a folder of its sources")
  endif()
  set(INSTALL_GTEST OFF)
  add_subdirectory(${ISOLOSS_GOOGLETEST} ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
endif()
