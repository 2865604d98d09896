# Provides the target isoloss_sentencepiece. Found by header and libraries: the pkg-config file of
# newer Debian asks for protobuf's, which libsentencepiece-dev does not install.
find_path(SENTENCEPIECE_INCLUDE sentencepiece_processor.h)
find_library(SENTENCEPIECE_LIBRARY sentencepiece)
find_library(SENTENCEPIECE_TRAIN_LIBRARY sentencepiece_train)
foreach(part IN ITEMS INCLUDE LIBRARY TRAIN_LIBRARY)
  if(NOT SENTENCEPIECE_${part})
    message(FATAL_ERROR "SentencePiece is missing (${part} not found); install libsentencepiece-dev, "
            "or configure with the preset analysis-only")
  endif()
endforeach()
add_library(isoloss_sentencepiece INTERFACE)
target_include_directories(isoloss_sentencepiece SYSTEM INTERFACE ${SENTENCEPIECE_INCLUDE})
target_link_libraries(isoloss_sentencepiece INTERFACE ${SENTENCEPIECE_LIBRARY}
                      ${SENTENCEPIECE_TRAIN_LIBRARY})
