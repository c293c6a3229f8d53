# Test: install the build into a prefix of its own, build an outside project with find_package(ponder), run it on the toy
# model. Variables: PONDER_BINARY_DIR, PONDER_SOURCE_DIR, PONDER_VERSION, WORK_DIR, GENERATOR, CXX.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE rc OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT rc EQUAL 0)
    message(FATAL_ERROR "failed (${rc}): ${ARGN}\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

# The reply and its log-probability, as tools/train_tiny.py computed them (tests/data/toy/ponder-toy.jsonl, line 0).
set(model ${PONDER_SOURCE_DIR}/tests/data/toy/ponder-toy.gguf)
file(STRINGS ${PONDER_SOURCE_DIR}/tests/data/toy/ponder-toy.jsonl line LIMIT_COUNT 1)
foreach(key prompt greedy greedy_logprob mode mode_logprob)
  string(JSON ${key} GET "${line}" ${key})
endforeach()

# says(NUMBER TEXT): the output has the number, to two decimals, in front of the text.
function(says number text)
  string(REGEX MATCH "[-0-9]+[.][0-9][0-9]" digits "${number}")
  string(REGEX REPLACE "([][+.*()^$?|])" "\\\\\\1" text "${text}")
  if(NOT out MATCHES "${digits}[0-9]*  ${text}")
    message(FATAL_ERROR "expected a line '${digits}…  ${text}', got:\n${out}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
run(${CMAKE_COMMAND} --install ${PONDER_BINARY_DIR} --prefix ${WORK_DIR}/prefix)
run(${CMAKE_COMMAND} -S ${PONDER_SOURCE_DIR}/tests/consumer -B ${WORK_DIR}/build -G ${GENERATOR}
    -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_BUILD_TYPE=Release
    -DPONDER_SOURCE_DIR=${PONDER_SOURCE_DIR} -DPONDER_VERSION=${PONDER_VERSION})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${WORK_DIR}/build/score_reply ${model} ${prompt} ${greedy})
says(${greedy_logprob} "nats in all")
run(${WORK_DIR}/build/most_likely ${model} "<|im_start|>user\n${prompt}<|im_end|>\n<|im_start|>assistant\n" 1 24)
says(${mode_logprob} ${mode})
if(NOT out MATCHES "optimal")
  message(FATAL_ERROR "expected a proof, got:\n${out}")
endif()
run(${WORK_DIR}/build/own_score ${model} ${prompt} blue)
if(NOT out MATCHES "the contract holds")
  message(FATAL_ERROR "expected the contract to hold, got:\n${out}")
endif()
run(${WORK_DIR}/build/tour ${model})
run(${WORK_DIR}/build/tour_density)
run(${WORK_DIR}/build/tour_dna)
