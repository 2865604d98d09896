# cmake -DCHECKOUT=... -DRELEASE=v... -DOUTPUT=... -P CodeVersion.cmake: writes git's description of the
# checkout, or the release where there is no git, into OUTPUT, which stays as it is where it says that
# already: nothing is compiled again then.
set(version "")
if(EXISTS ${CHECKOUT}/.git)  # another repository around an unpacked release says nothing of it
  execute_process(COMMAND git --no-optional-locks describe --always --dirty --tags
                  WORKING_DIRECTORY ${CHECKOUT} OUTPUT_VARIABLE version
                  ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT version)
  set(version ${RELEASE})
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "\"${version}\"\n" @ONLY)
