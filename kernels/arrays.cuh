// Arrays of the caller: elements of any format at any strides, and the numbers that they are.

// The formats, in the order of `Dtype::ALL`; the parts of complex numbers have the format of a part.
enum { I8, I16, I32, I64, U8, U16, U32, U64, TRUTH, F16, BF16, F32, F64 };

// Where the numbers of an array lie. Steps are in numbers, from one index to the next; a complex element is two of them.
struct Array {
    char* data;
    long long format;
    long long parts;
    long long row_step;
    long long column_step;
    long long batch_steps[AXES];
};

DEVICE long long column_place(const Array& array, long long column) {
    return array.parts == 1 ? column * array.column_step : column / 2 * array.column_step + column % 2;
}

DEVICE float single_of_half(unsigned half) {
    const unsigned sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31, digits = half & 1023;
    if (exponent == 0) {
        // Subnormal numbers are multiples of 2^-24.
        const float size = (float)digits * 5.9604644775390625e-8f;
        return sign ? -size : size;
    }
    const unsigned wide = exponent == 31 ? 255 : exponent + 112;
    return __uint_as_float(sign | wide << 23 | digits << 13);
}

// The nearest float16 number, the even one of two.
DEVICE unsigned half_of_single(float single) {
    const unsigned bits = __float_as_uint(single), sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
    if (size > 0x7f800000u) return sign | 0x7e00u;
    if (size >= 0x477ff000u) return sign | 0x7c00u;
    if (size < 0x38800000u) {
        // The addition rounds to multiples of 2^-24.
        return sign | (__float_as_uint(__uint_as_float(size) + 0.5f) - 0x3f000000u);
    }
    return sign | ((size + 0xfffu + (size >> 13 & 1)) >> 13) - (112u << 10);
}

DEVICE unsigned brain_of_single(float single) {
    const unsigned bits = __float_as_uint(single);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return bits >> 16 | 64;
    return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
}

// A number in float32 that rounds to fewer digits as the number itself does (Boldo and Melquiond, When double rounding is
// odd, 2005).
DEVICE float rounded_to_odd(double value) {
    const float nearest = (float)value;
    if ((double)nearest == value || value != value) return nearest;
    const bool is_beyond = fabs((double)nearest) > fabs(value);
    return __uint_as_float((__float_as_uint(nearest) - is_beyond) | 1);
}

DEVICE float rounded_to_odd(float value) { return value; }

RARELY Number other_number(const char* data, long long format, long long k) {
    switch (format) {
        case I8: return (Number)((const signed char*)data)[k];
        case I16: return (Number)((const short*)data)[k];
        case I32: return (Number)((const int*)data)[k];
        case I64: return (Number)((const long long*)data)[k];
        case U8: return (Number)((const unsigned char*)data)[k];
        case U16: return (Number)((const unsigned short*)data)[k];
        case U32: return (Number)((const unsigned*)data)[k];
        case U64: return (Number)((const unsigned long long*)data)[k];
        case TRUTH: return (Number)(((const unsigned char*)data)[k] != 0);
        case F16: return (Number)single_of_half(((const unsigned short*)data)[k]);
        case BF16: return (Number)__uint_as_float((unsigned)((const unsigned short*)data)[k] << 16);
        case F32: return (Number)((const float*)data)[k];
        default: return (Number)((const double*)data)[k];
    }
}

DEVICE Number number_at(const Array& array, long long k) {
    if (array.format == OWN_FORMAT) return ((const Number*)array.data)[k];
    return other_number(array.data, array.format, k);
}

// The integer that an element is, as a lane has it. What has a fraction or does not fit is for nobody.
RARELY Number integer_at(const Array& array, long long k) {
    switch (array.format) {
        case I64: return number_of((Bits)(Integer)((const long long*)array.data)[k]);
        case U64: return number_of((Bits)(Integer)((const unsigned long long*)array.data)[k]);
        case F64: return number_of((Bits)(Integer)((const double*)array.data)[k]);
        case I32: return number_of((Bits)(Integer)((const int*)array.data)[k]);
        case U32: return number_of((Bits)(Integer)((const unsigned*)array.data)[k]);
        default: return number_of((Bits)(Integer)number_at(array, k));
    }
}

RARELY void write_other(char* data, long long format, long long k, Number value) {
    switch (format) {
        case F16: ((unsigned short*)data)[k] = (unsigned short)half_of_single(rounded_to_odd(value)); break;
        case BF16: ((unsigned short*)data)[k] = (unsigned short)brain_of_single(rounded_to_odd(value)); break;
        case F32: ((float*)data)[k] = (float)value; break;
        default: ((double*)data)[k] = (double)value;
    }
}

DEVICE void write_number(const Array& array, long long k, Number value) {
    if (array.format == OWN_FORMAT) {
        ((Number*)array.data)[k] = value;
    } else {
        write_other(array.data, array.format, k, value);
    }
}

DEVICE void write_integer(const Array& array, long long k, long long value) { ((long long*)array.data)[k] = value; }
