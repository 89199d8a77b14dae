# assay_add_plugin(name SOURCES ... [LINK ...] [MANIFEST file.json])
#
# Builds the plugin name.so: a module that exports assay_plugin_open_v1 and nothing else (hidden visibility alone still
# exports weak template instances, hence the version script) and that leaves no symbol undefined. With MANIFEST, the
# file is checked at configure time and "assay_manifest.h" offers it as `assay_manifest` for ASSAY_PLUGIN (C++) and as
# ASSAY_MANIFEST_JSON for ASSAY_C_PLUGIN (C).
# Built to ${CMAKE_BINARY_DIR}/lib/assay/plugins, installed to lib/assay/plugins.
include_guard(GLOBAL)
set(ASSAY_PLUGIN_DIR lib/assay/plugins CACHE STRING "Where plugins go, below the prefix")
mark_as_advanced(ASSAY_PLUGIN_DIR)

function(assay_add_plugin name)
  cmake_parse_arguments(arg "" "MANIFEST" "SOURCES;LINK" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "assay_add_plugin(${name} SOURCES ... [LINK ...] [MANIFEST file.json]): bad arguments")
  endif()
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/assay_plugin.map)

  add_library(${name} MODULE ${arg_SOURCES})
  # A project of C alone has no C++ compiler to ask for C++20.
  set(layer assay::abi)
  if("${arg_SOURCES}" MATCHES "\\.(cc|cpp|cxx)(;|$)")
    set(layer assay::plugin)
  endif()
  target_link_libraries(${name} PRIVATE ${layer} ${arg_LINK})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so"
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/assay/plugins
    LINK_DEPENDS ${map})
  target_link_options(${name} PRIVATE -Wl,--version-script=${map} -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
  # clang leaves the sanitizer's runtime to the executable, so its symbols stay undefined here.
  get_directory_property(link_options LINK_OPTIONS)
  if(NOT ("${CMAKE_C_COMPILER_ID} ${CMAKE_CXX_COMPILER_ID}" MATCHES Clang
          AND "${link_options} ${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize"))
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()

  if(arg_MANIFEST)
    assay_embed_manifest(${name} ${arg_MANIFEST})
  endif()
  install(TARGETS ${name} LIBRARY DESTINATION ${ASSAY_PLUGIN_DIR})
endfunction()

# Checks `file` and generates assay_manifest.h from it for the target `name`.
function(assay_embed_manifest name file)
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} json)
  assay_check_manifest("${json}" ${file})
  # A JSON string holds no line break, so indentation can go without parsing.
  string(REGEX REPLACE "\n *" "" json "${json}")
  # As a literal of C and C++ alike; "?" because of trigraphs.
  string(REPLACE "\\" "\\\\" json "${json}")
  string(REPLACE "\"" "\\\"" json "${json}")
  string(REPLACE "?" "\\?" json "${json}")
  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${name}.manifest)
  file(CONFIGURE OUTPUT ${directory}/assay_manifest.h @ONLY CONTENT [[
// Made from a manifest.json by assay_add_plugin().
#pragma once
#pragma GCC system_header  // C promises compilers no longer literals than 4095 bytes
#define ASSAY_MANIFEST_JSON "@json@"
#ifdef __cplusplus
static constexpr char assay_manifest[] = ASSAY_MANIFEST_JSON;
#endif
]])
  target_include_directories(${name} PRIVATE ${directory})
endfunction()

# Stops unless `value` is what `what` may be called.
function(assay_check_name value what file)
  string(LENGTH "${value}" length)
  if(length GREATER 96 OR NOT value MATCHES "^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$")
    message(FATAL_ERROR "${file}: ${what} is '${value}'; it is letters and digits, parted by single '.', '_' or '-', at most 96")
  endif()
endfunction()

# What every host needs before it loads anything; schema/manifest.schema.json has the rest.
function(assay_check_manifest json file)
  foreach(member manifest_version id version abi components)
    string(JSON value ERROR_VARIABLE error GET "${json}" ${member})
    if(error)
      message(FATAL_ERROR "${file}: '${member}': ${error}")
    endif()
  endforeach()
  string(JSON manifest_version GET "${json}" manifest_version)
  string(JSON abi_major ERROR_VARIABLE error GET "${json}" abi major)
  string(JSON abi_minor ERROR_VARIABLE error GET "${json}" abi min_minor)
  if(NOT manifest_version EQUAL 1 OR NOT abi_major EQUAL 1 OR NOT abi_minor MATCHES "^[0-9]+$")
    message(FATAL_ERROR "${file}: this SDK makes plugins of manifest_version 1, abi.major 1 and an abi.min_minor, such as 0")
  endif()
  string(JSON id GET "${json}" id)
  assay_check_name("${id}" id ${file})
  string(JSON type TYPE "${json}" components)
  if(NOT type STREQUAL ARRAY)
    message(FATAL_ERROR "${file}: 'components' is no array")
  endif()
  string(JSON count LENGTH "${json}" components)
  if(count EQUAL 0)
    message(FATAL_ERROR "${file}: 'components' is empty")
  endif()
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    foreach(member id capabilities config_schema)
      string(JSON value ERROR_VARIABLE error GET "${json}" components ${i} ${member})
      if(error)
        message(FATAL_ERROR "${file}: component ${i}: '${member}': ${error}")
      endif()
    endforeach()
    string(JSON id GET "${json}" components ${i} id)
    assay_check_name("${id}" "the id of component ${i}" ${file})
    string(JSON capabilities GET "${json}" components ${i} capabilities)
    # Read as text, for a loop over an empty array would run once.
    if(NOT capabilities MATCHES "^\\[([ \n]*\"[a-z][a-z0-9.-]*/[1-9][0-9]*\"[ \n]*,?)+\\]$")
      message(FATAL_ERROR "${file}: capabilities of ${id}: a list of such as \"assay.trainer/1\"; it is ${capabilities}")
    endif()
    string(JSON type ERROR_VARIABLE error GET "${json}" components ${i} config_schema type)
    if(NOT type STREQUAL object)
      message(FATAL_ERROR "${file}: config_schema of ${id}: its type is to be \"object\"")
    endif()
  endforeach()
endfunction()
