# The installed package: one static library with the objects of every module, the public headers, the program, and
# what find_package(ponder) reads. Inside this build the same target is ponder::ponder, for the examples.
get_property(modules GLOBAL PROPERTY PONDER_MODULES)
get_property(externals GLOBAL PROPERTY PONDER_EXTERNALS)
list(REMOVE_DUPLICATES externals)

add_library(ponder_library STATIC)
foreach(module ${modules})
  target_sources(ponder_library PRIVATE $<TARGET_OBJECTS:ponder_${module}>)
endforeach()
add_library(ponder::ponder ALIAS ponder_library)
set_target_properties(ponder_library PROPERTIES OUTPUT_NAME ponder EXPORT_NAME ponder LINKER_LANGUAGE CXX)
target_compile_features(ponder_library PUBLIC cxx_std_20)
target_include_directories(ponder_library PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
                                                 $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
# Private: no public header includes a dependency, so that users only link them.
target_link_libraries(ponder_library PRIVATE ${externals})
if(PONDER_SANITIZE)
  target_link_options(ponder_library INTERFACE -fsanitize=${PONDER_SANITIZE})
endif()

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ponder)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/ponderConfig.cmake.in ${PROJECT_BINARY_DIR}/ponderConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ponderConfigVersion.cmake COMPATIBILITY SameMinorVersion)
# A component, so that it can be installed without the program.
install(TARGETS ponder_library EXPORT ponderTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(EXPORT ponderTargets NAMESPACE ponder:: DESTINATION ${package_dir} COMPONENT library)
install(FILES ${PROJECT_BINARY_DIR}/ponderConfig.cmake ${PROJECT_BINARY_DIR}/ponderConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT library)
install(DIRECTORY include/ponder DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
